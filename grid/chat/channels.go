package chat

import (
	"math"

	"github.com/tidwall/btree"

	"github.com/thronggrid/throng/grid"
)

// Channels is the state of all channels of one slot.
type Channels struct {
	gen   uint64 // what is written now carries it; each Clone raises it
	byKey btree.Map[string, *channel]

	// The rest is no state: it follows from the channels, but for turn, which only
	// says where to begin.
	behind btree.Set[string] // the keys of channels with something to archive
	turn   string            // the key of the channel that was last archived
	sums   sums              // of all channels
}

// channel is one channel. Its tail, which is never empty, ends with message last;
// what a clone may have of it is not written to.
type channel struct {
	gen     uint64 // the only generation that may write the channel
	tailGen uint64 // and the elements of its tail
	key     string
	last    uint64
	tail    [][]byte // encoded messages, never changed
	bytes   int      // of these
	keep    int      // of these once they are archived, as the last message told
	changes uint64   // updates and removals so far

	messages mark     // by number: which are to be archived, and are
	changed  mark     // the same for changes to these
	oldest   uint64   // the lowest number that was archived; 0: none
	amended  [][]byte // by rising revision: amendments that wait for the archive; never written to
	behind   bool     // the channel is in Channels.behind
	counted  share    // its share of Channels.sums
}

// mark says up to where something is to be archived, and up to where it is or
// need not be.
type mark struct{ wanted, done uint64 }

func (m mark) open() bool { return m.wanted > m.done }

// New returns the state of a slot without channels.
func New() *Channels { return &Channels{gen: 1} }

// Len returns the number of channels.
func (c *Channels) Len() int { return c.byKey.Len() }

// Due returns math.MaxInt64: nothing is ever due here.
func (c *Channels) Due() int64 { return math.MaxInt64 }

// Tick does nothing: see Due.
func (c *Channels) Tick(*grid.Turn) {}

// Clone returns the state as it is now, frozen: it is for Encode alone, which
// may run on any goroutine while the original goes on. It takes the same time
// whatever the number of channels; the original then copies, once per clone, the
// nodes, channels and tails that it writes to, but no message. Like Apply it must
// not run beside anything else on the original.
func (c *Channels) Clone() *Channels {
	frozen := &Channels{gen: c.gen, byKey: *c.byKey.Copy()}
	c.gen++
	return frozen
}

// own returns a channel to write: x itself, or its successor if a clone has x.
func (c *Channels) own(x *channel) *channel {
	if x.gen == c.gen {
		return x
	}
	y := *x
	y.gen = c.gen
	c.byKey.Set(y.key, &y)
	return &y
}

// ownTail makes the tail's elements ours to write. Behind its end it always is:
// no clone looks there.
func (c *Channels) ownTail(x *channel) {
	if x.tailGen != c.gen {
		x.tail, x.tailGen = roomier(x.tail), c.gen
	}
}

// first returns the number of the tail's first message.
func (x *channel) first() uint64 { return x.last - uint64(len(x.tail)) + 1 }

// push appends the next message to the tail. A long tail does not double its
// memory: it seldom gets longer, only moves on.
func (c *Channels) push(x *channel, message []byte) {
	if n := len(x.tail); n == cap(x.tail) {
		if n >= TailMessages/4 {
			x.tail = roomier(x.tail)
		}
		x.tailGen = c.gen // this, or append, takes new memory
	}
	x.tail = append(x.tail, message)
	x.last++
	x.bytes += len(message)
}

// roomier returns a copy with some room behind its end.
func roomier(tail [][]byte) [][]byte {
	return append(make([][]byte, 0, len(tail)+len(tail)/4+1), tail...)
}

// want makes all that there is to be archived.
func (x *channel) want() { x.messages.wanted, x.changed.wanted = x.last, x.changes }

// needed says whether the archive still has to get a message of the tail.
func (x *channel) needed(seq uint64, message []byte) bool {
	if seq > x.messages.done {
		return seq <= x.messages.wanted
	}
	if !x.changed.open() {
		return false
	}
	revision := revisionOf(message)
	return revision > x.changed.done && revision <= x.changed.wanted
}

// trim takes from the front of the tail what is too much, as long as the archive
// does not need it. With force, when there is no archive any more, what it would
// have needed goes too, and is gone.
func (c *Channels) trim(x *channel, force bool) {
	for len(x.tail) > 1 && (len(x.tail) > TailMessages || x.bytes > x.keep) {
		if seq := x.first(); x.needed(seq, x.tail[0]) {
			if !force {
				return
			}
			x.messages.done = max(x.messages.done, seq)
		}
		c.ownTail(x)
		x.bytes -= len(x.tail[0])
		x.tail[0] = nil // so that the message does not live as long as the slice
		x.tail = x.tail[1:]
	}
}

// settle puts the channel among those with something to archive, or takes it
// from there, and counts what it holds now.
func (c *Channels) settle(x *channel) {
	c.count(x)
	behind := x.messages.open() || x.changed.open()
	if behind == x.behind {
		return
	}
	x.behind = behind
	if behind {
		c.behind.Insert(x.key)
	} else {
		c.behind.Delete(x.key)
	}
}
