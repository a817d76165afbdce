package chat

import "github.com/thronggrid/throng/grid"

// About what things take beside their texts, in bytes.
const (
	channelBytes = 400
	messageBytes = 24 // its place in a tail
)

// share is what one channel holds.
type share struct {
	messages, bytes uint32 // in the tail
	waiting, behind uint32 // messages and changes that the archive lacks, and about their bytes
}

// sums are what all channels hold: each has counted its part of it, as that was when
// settle was last called for it.
type sums struct{ messages, bytes, waiting, behind int64 }

// count counts what a channel holds now in place of what it held.
func (c *Channels) count(x *channel) {
	c.sums.add(x.counted, -1)
	x.counted = x.share()
	c.sums.add(x.counted, 1)
}

func (s *sums) add(p share, times int64) {
	s.messages += times * int64(p.messages)
	s.bytes += times * int64(p.bytes)
	s.waiting += times * int64(p.waiting)
	s.behind += times * int64(p.behind)
}

// share returns what the channel holds.
func (x *channel) share() share {
	n := uint32(len(x.tail))
	p := share{messages: n, bytes: uint32(x.bytes)}
	if x.messages.open() {
		p.waiting += uint32(x.messages.wanted + 1 - x.awaits())
	}
	if x.changed.open() {
		p.waiting += uint32(min(x.changed.wanted-x.changed.done, uint64(n)))
	}
	p.behind = uint32(uint64(p.waiting) * uint64(x.bytes) / uint64(max(n, 1)))
	return p
}

// awaits returns the number of the first message that is to be archived, if one is.
func (x *channel) awaits() uint64 { return max(x.messages.done+1, x.first()) }

// Sizes returns how much memory the channels take, and the messages in their tails: it is
// O(1). Like Query it may run beside other queries.
func (c *Channels) Sizes() (channels, messages grid.Size) {
	n, t := int64(c.byKey.Len()), &c.sums
	return grid.Size{Count: n, Bytes: n * channelBytes},
		grid.Size{Count: t.messages, Bytes: t.bytes + t.messages*messageBytes}
}

// lookAt is how many channels Waiting looks at.
const lookAt = 16

// Waiting returns how many messages and changes the archive lacks, about their bytes, and
// since when the first of them waits, a stamp; 0: nothing does. For the last it looks at
// the channels whose turn it is next, since those wait longest.
func (c *Channels) Waiting() (waiting grid.Size, since int64) {
	left := lookAt
	look := func(key string) bool {
		x, _ := c.byKey.Get(key)
		if at := x.waitsSince(); at != 0 && (since == 0 || at < since) {
			since = at
		}
		left--
		return left > 0
	}
	from := c.turn + "\x00" // behind the channel that was last
	c.behind.Ascend(from, look)
	if left > 0 {
		c.behind.Ascend("", func(key string) bool { return key < from && look(key) })
	}
	return grid.Size{Count: c.sums.waiting, Bytes: c.sums.behind}, since
}

// waitsSince returns when the first message was sent that is to be archived; 0: none is.
func (x *channel) waitsSince() int64 {
	if !x.messages.open() {
		return 0
	}
	m, err := parse(x.tail[x.awaits()-x.first()])
	if err != nil {
		return 0 // which Decode made sure of
	}
	return m.Time
}
