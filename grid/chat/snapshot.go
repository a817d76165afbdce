package chat

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/thronggrid/throng/grid/pack"
)

// formatVersion is the version of what Encode writes.
const formatVersion = 1

// Encode writes the state as chunks:
//
//	head     [version, channels]
//	channel  [key, last, messages in the tail, changes,
//	         messages wanted, messages done, changes wanted, changes done, oldest, amendments]
//	message  its amendments, then its tail, each as they are stored
//
// Channels come in order of their keys, each followed by its messages; values
// follow each other without regard to that, and a chunk ends once it holds
// pack.ChunkBytesGood. Equal states give equal bytes, whatever their history. It
// may run on a clone beside anything on the original, else as a query.
func (c *Channels) Encode(w *pack.ChunkWriter) error {
	e := encoder{w: w, buf: w.Begin()}
	e.buf = pack.AppendUint(pack.AppendArray(e.buf, 2), formatVersion)
	e.buf = pack.AppendUint(e.buf, uint64(c.byKey.Len()))
	c.byKey.Scan(func(_ string, x *channel) bool {
		e.channel(x)
		return e.err == nil
	})
	if e.err == nil {
		e.err = w.End(e.buf)
	}
	if e.err != nil {
		return fmt.Errorf("encode channels: %w", e.err)
	}
	return nil
}

const channelFields = 10

type encoder struct {
	w   *pack.ChunkWriter
	buf []byte
	err error
}

func (e *encoder) channel(x *channel) {
	e.room()
	e.buf = pack.AppendBytes(pack.AppendArray(e.buf, channelFields), []byte(x.key))
	for _, v := range [...]uint64{
		x.last, uint64(len(x.tail)), x.changes, x.messages.wanted, x.messages.done,
		x.changed.wanted, x.changed.done, x.oldest, uint64(len(x.amended)),
	} {
		e.buf = pack.AppendUint(e.buf, v)
	}
	for _, rows := range [...][][]byte{x.amended, x.tail} {
		for _, row := range rows {
			e.room()
			e.buf = append(e.buf, row...)
		}
	}
}

// room begins a new chunk if the present one is long enough.
func (e *encoder) room() {
	if e.err != nil || len(e.buf) < pack.ChunkBytesGood {
		return
	}
	if e.err = e.w.End(e.buf); e.err == nil {
		e.buf = e.w.Begin()
	}
}

// Decode reads what Encode wrote, and nothing behind it. Whatever else it finds
// is an error; it allocates no more than in proportion to what it has read.
func Decode(r *pack.ChunkReader) (*Channels, error) {
	d := decoder{r: r}
	c, err := d.channels()
	if err != nil {
		return nil, fmt.Errorf("decode channels: %w", err)
	}
	return c, nil
}

type decoder struct {
	r  *pack.ChunkReader
	in pack.Cursor
}

// next makes sure that there is a value to read.
func (d *decoder) next() (err error) {
	if len(d.in.Rest()) > 0 {
		return nil
	}
	if d.in, err = d.r.Next(); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if len(d.in.Rest()) == 0 {
		return errors.New("an empty chunk")
	}
	return nil
}

// array begins the next value, an array of at least want elements, and returns
// how many more it has.
func (d *decoder) array(want int) (extra int, err error) {
	if err := d.next(); err != nil {
		return 0, err
	}
	n := d.in.Array()
	if err := d.in.Err(); err != nil {
		return 0, err
	}
	if n < want {
		return 0, fmt.Errorf("an array of %d elements: want at least %d", n, want)
	}
	return n - want, nil
}

// end passes over elements that a later version has appended.
func (d *decoder) end(extra int) error {
	for range extra {
		d.in.Skip()
	}
	return d.in.Err()
}

func (d *decoder) channels() (*Channels, error) {
	extra, err := d.array(2)
	if err != nil {
		return nil, fmt.Errorf("the head: %w", err)
	}
	version, count := d.in.Uint(), d.in.Uint()
	if err := d.end(extra); err != nil {
		return nil, fmt.Errorf("the head: %w", err)
	}
	if version != formatVersion {
		return nil, fmt.Errorf("channels in format %d: this release reads %d",
			version, formatVersion)
	}
	if count > ChannelsPerSlotMax {
		return nil, fmt.Errorf("%d channels: at most %d", count, ChannelsPerSlotMax)
	}
	c := New()
	for i := range count {
		x, err := d.channel(c.gen)
		if err != nil {
			return nil, fmt.Errorf("channel %d of %d: %w", i+1, count, err)
		}
		if last, _, ok := c.byKey.Max(); ok && x.key <= last {
			return nil, fmt.Errorf("channel %q does not follow %q", x.key, last)
		}
		c.byKey.Set(x.key, x)
		c.settle(x)
	}
	if n := len(d.in.Rest()); n != 0 {
		return nil, fmt.Errorf("%d bytes behind the last message", n)
	}
	return c, nil
}

func (d *decoder) channel(gen uint64) (*channel, error) {
	extra, err := d.array(channelFields)
	if err != nil {
		return nil, err
	}
	key := d.in.Bytes()
	x := &channel{gen: gen, tailGen: gen, key: string(key), last: d.in.Uint()}
	count := d.in.Uint()
	x.changes = d.in.Uint()
	x.messages = mark{d.in.Uint(), d.in.Uint()}
	x.changed = mark{d.in.Uint(), d.in.Uint()}
	x.oldest = d.in.Uint()
	amended := d.in.Uint()
	if err := d.end(extra); err != nil {
		return nil, err
	}
	if err := checkKey([]byte(x.key)); err != nil {
		return nil, err
	}
	if err := x.check(count); err != nil {
		return nil, fmt.Errorf("%q: %w", x.key, err)
	}
	if err := d.amendments(x, amended); err != nil {
		return nil, fmt.Errorf("%q: %w", x.key, err)
	}
	for i := range count {
		if err := d.message(x, x.last-count+1+i); err != nil {
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

// amendments reads those of a channel that wait for the archive.
func (d *decoder) amendments(x *channel, count uint64) error {
	before, size := x.changed.done, 0
	seen := map[uint64]bool{}
	for range count {
		row, m, err := d.row()
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

// message reads the next message of a channel's tail.
func (d *decoder) message(x *channel, seq uint64) error {
	row, m, err := d.row()
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

// row reads a message, and returns it as it is stored too.
func (d *decoder) row() ([]byte, Message, error) {
	if err := d.next(); err != nil {
		return nil, Message{}, err
	}
	rest, from := d.in.Rest(), d.in.Offset()
	m, err := readMessage(&d.in)
	if err != nil {
		return nil, m, err
	}
	if !m.Removed {
		if err := checkContent(m.Content); err != nil {
			return nil, m, err
		}
	}
	return bytes.Clone(rest[:d.in.Offset()-from]), m, nil
}
