package chat

import (
	"bytes"
	"fmt"

	"github.com/thronggrid/throng/grid/pack"
)

// Encode writes the state:
//
//	head     [channels]
//	channel  [key, last, messages in the tail, changes,
//	         messages wanted, messages done, changes wanted, changes done, oldest, amendments]
//	         and what the tail keeps, if that is not TailBytes
//	message  its amendments, then its tail, each as they are stored
//
// Channels come in order of their keys, each followed by its messages. Equal
// states give equal bytes, whatever their history. It may run on a clone beside
// anything on the original, else as a query.
func (c *Channels) Encode(e *pack.Encoder) {
	e.End(pack.AppendUint(pack.AppendArray(e.Begin(), 1), uint64(c.byKey.Len())))
	c.byKey.Scan(func(_ string, x *channel) bool {
		x.encode(e)
		return e.Err() == nil
	})
}

const channelFields = 10 // that every channel has

func (x *channel) encode(e *pack.Encoder) {
	n := channelFields
	if x.keep != TailBytes {
		n++
	}
	b := pack.AppendBytes(pack.AppendArray(e.Begin(), n), []byte(x.key))
	for _, v := range [...]uint64{
		x.last, uint64(len(x.tail)), x.changes, x.messages.wanted, x.messages.done,
		x.changed.wanted, x.changed.done, x.oldest, uint64(len(x.amended)),
	} {
		b = pack.AppendUint(b, v)
	}
	if n > channelFields {
		b = pack.AppendUint(b, uint64(x.keep))
	}
	e.End(b)
	for _, rows := range [...][][]byte{x.amended, x.tail} {
		for _, row := range rows {
			e.End(append(e.Begin(), row...))
		}
	}
}

// Decode reads what Encode wrote, and nothing behind it. Whatever else it finds
// is an error; it allocates no more than in proportion to what it has read.
func Decode(d *pack.Decoder) (*Channels, error) {
	in := d.Next()
	more := in.Fields(1)
	count := in.Uint()
	if err := in.End(more); err != nil {
		return nil, fmt.Errorf("the head of channels: %w", err)
	}
	if count > ChannelsPerSlotMax {
		return nil, fmt.Errorf("%d channels: at most %d", count, ChannelsPerSlotMax)
	}
	c := New()
	for i := range count {
		x, err := decodeChannel(d, c.gen)
		if err != nil {
			return nil, fmt.Errorf("channel %d of %d: %w", i+1, count, err)
		}
		if last, _, ok := c.byKey.Max(); ok && x.key <= last {
			return nil, fmt.Errorf("channel %q does not follow %q", x.key, last)
		}
		c.byKey.Set(x.key, x)
		c.settle(x)
	}
	return c, nil
}

// decodeChannel reads a channel with its messages.
func decodeChannel(d *pack.Decoder, gen uint64) (*channel, error) {
	in := d.Next()
	more := in.Fields(channelFields)
	x := &channel{gen: gen, tailGen: gen, key: string(in.Bytes()), last: in.Uint()}
	count := in.Uint()
	x.changes = in.Uint()
	x.messages = mark{in.Uint(), in.Uint()}
	x.changed = mark{in.Uint(), in.Uint()}
	x.oldest = in.Uint()
	amended := in.Uint()
	if x.keep = TailBytes; more > 0 {
		x.keep, more = int(in.Uint()), more-1
	}
	if err := in.End(more); err != nil {
		return nil, err
	}
	if err := checkKeep(x.keep); err != nil {
		return nil, fmt.Errorf("%q: %w", x.key, err)
	}
	if err := checkKey([]byte(x.key)); err != nil {
		return nil, err
	}
	if err := x.check(count); err != nil {
		return nil, fmt.Errorf("%q: %w", x.key, err)
	}
	if err := x.decodeAmendments(d, amended); err != nil {
		return nil, fmt.Errorf("%q: %w", x.key, err)
	}
	for i := range count {
		if err := x.decodeMessage(d.Next(), x.last-count+1+i); err != nil {
			return nil, fmt.Errorf("%q, message %d of %d: %w", x.key, i+1, count, err)
		}
	}
	return x, nil
}

// check says what is wrong with the numbers of a channel with that many messages
// in its tail.
func (x *channel) check(count uint64) error {
	first := x.last - count + 1
	switch {
	case count == 0 || x.last >= seqEnd || count > x.last:
		return fmt.Errorf("a tail of %d messages of %d", count, x.last)
	case max(x.messages.wanted, x.messages.done) > x.last ||
		x.messages.open() && max(x.messages.done+1, first) > x.messages.wanted:
		return fmt.Errorf("the archive has %d of %d messages, and there are %d from %d on",
			x.messages.done, x.messages.wanted, x.last, first)
	case max(x.changed.wanted, x.changed.done) > x.changes || x.changes >= seqEnd:
		return fmt.Errorf("the archive has %d of %d changes, and there are %d",
			x.changed.done, x.changed.wanted, x.changes)
	case x.oldest > min(first, x.messages.done):
		return fmt.Errorf("the archive begins with message %d and has %d",
			x.oldest, x.messages.done)
	}
	return nil
}

// decodeAmendments reads those that wait for the archive.
func (x *channel) decodeAmendments(d *pack.Decoder, count uint64) error {
	before, size := x.changed.done, 0
	seen := map[uint64]bool{}
	for range count {
		row, m, err := decodeRow(d.Next())
		if err != nil {
			return fmt.Errorf("an amendment: %w", err)
		}
		size += len(row)
		switch {
		case !m.amends() || m.Seq < x.oldest || m.Seq > x.messages.done || seen[m.Seq]:
			return fmt.Errorf("message %d cannot be amended", m.Seq)
		case m.Revision <= before || m.Revision > x.changed.wanted:
			return fmt.Errorf("amendment %d does not follow change %d", m.Revision, before)
		case size > AmendmentsBytesMax:
			return fmt.Errorf("amendments of more than %d bytes", AmendmentsBytesMax)
		}
		before, seen[m.Seq] = m.Revision, true
		x.amended = append(x.amended, row)
	}
	return nil
}

// decodeMessage reads the next message of the tail.
func (x *channel) decodeMessage(in *pack.Cursor, seq uint64) error {
	row, m, err := decodeRow(in)
	if err != nil {
		return err
	}
	x.bytes += len(row)
	switch {
	case m.Seq != seq || m.amends():
		return fmt.Errorf("message %d of time %d: want %d", m.Seq, m.Time, seq)
	case m.Revision > x.changes:
		return fmt.Errorf("revision %d of %d changes", m.Revision, x.changes)
	case x.bytes > TailBytesMax:
		return fmt.Errorf("a tail of more than %d bytes", TailBytesMax)
	}
	x.tail = append(x.tail, row)
	return nil
}

// decodeRow reads a message, and returns it as it is stored too.
func decodeRow(in *pack.Cursor) ([]byte, Message, error) {
	rest, from := in.Rest(), in.Offset()
	m, err := readMessage(in)
	if err != nil {
		return nil, m, err
	}
	if !m.Removed {
		if err := checkContent(m.Content); err != nil {
			return nil, m, err
		}
	}
	return bytes.Clone(rest[:in.Offset()-from]), m, nil
}
