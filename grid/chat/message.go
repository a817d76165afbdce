package chat

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// Message is one message of a channel:
// [seq, time, revision, sender, session, content or nil].
type Message struct {
	Seq uint64 // from 1, without gaps
	// Time is when it was sent: µs since 1970, by the slot's clock. It is 0 in an
	// amendment: the change of a message of which the slot has nothing else any
	// more, so that sender and session are zero too.
	Time     int64
	Revision uint64 // the number, on its channel, of the change that made it what it is; 0: none
	Sender   grid.ID
	Session  grid.SessionID
	Content  string
	Removed  bool // there is no content any more, and never will be
}

const messageFields = 6

// headBytesMax bounds the bytes of a message before its content: the array's
// head, three numbers, two ids, and the head of a string.
const headBytesMax = 1 + 3*9 + 18 + 10 + 3

// append appends the message as readMessage reads it.
func (m *Message) append(b []byte) []byte {
	b = m.appendHead(b)
	if m.Removed {
		return pack.AppendNil(b)
	}
	return pack.AppendString(b, m.Content)
}

// appendHead appends all but the content.
func (m *Message) appendHead(b []byte) []byte {
	b = pack.AppendArray(b, messageFields)
	b = pack.AppendUint(b, m.Seq)
	b = pack.AppendInt(b, m.Time)
	b = pack.AppendUint(b, m.Revision)
	b = pack.AppendBytes(b, m.Sender[:])
	return grid.AppendSession(b, m.Session)
}

// encode returns the message in memory of its own, of its own size.
func (m *Message) encode() []byte {
	var buf [headBytesMax]byte
	head := m.appendHead(buf[:0])
	const nilOrHead = 3
	b := append(make([]byte, 0, len(head)+nilOrHead+len(m.Content)), head...)
	if m.Removed {
		return pack.AppendNil(b)
	}
	return pack.AppendString(b, m.Content)
}

// readMessage reads a message. Its content is a view, and not checked.
func readMessage(in *pack.Cursor) (m Message, err error) {
	more := in.Fields(messageFields)
	m.Seq, m.Time, m.Revision = in.Uint(), in.Int(), in.Uint()
	sender, session := in.Bytes(), in.Bytes()
	if m.Removed = in.Nil(); !m.Removed {
		m.Content = view(in.String())
	}
	switch err := in.End(more); {
	case err != nil:
		return Message{}, fmt.Errorf("decode a message: %w", err)
	case len(sender) != len(m.Sender) || len(session) != 8:
		return Message{}, fmt.Errorf("decode a message: a sender of %d bytes and a session of %d, "+
			"want 16 and 8", len(sender), len(session))
	case m.Seq == 0 || m.Seq >= seqEnd || m.Time < 0:
		return Message{}, fmt.Errorf("decode a message: number %d at %d µs", m.Seq, m.Time)
	}
	copy(m.Sender[:], sender)
	for _, c := range session {
		m.Session = m.Session<<8 | grid.SessionID(c)
	}
	return m, nil
}

// seqEnd is above all sequence numbers, so that one more is always a number.
const seqEnd = 1 << 63

// decodeMessage reads a message that may be kept.
func decodeMessage(in *pack.Cursor) (Message, error) {
	m, err := readMessage(in)
	m.Content = strings.Clone(m.Content)
	return m, err
}

// parse reads a stored message, whose content is a view of it.
func parse(stored []byte) (Message, error) {
	in := pack.NewCursor(stored)
	m, err := readMessage(&in)
	if err == nil {
		err = in.Done()
	}
	return m, err
}

// revisionOf returns the revision of a message that this package has stored.
func revisionOf(stored []byte) uint64 {
	in := pack.NewCursor(stored)
	in.Array()
	in.Uint()
	in.Int()
	return in.Uint()
}

// amends says whether the message is an amendment.
func (m *Message) amends() bool { return m.Time == 0 }

// revise makes of the message what a later revision says. It returns false when
// that is no later one, or the message was removed: it stays so.
func (m *Message) revise(by *Message) bool {
	if by.Revision <= m.Revision || m.Removed {
		return false
	}
	if by.amends() {
		m.Revision, m.Content, m.Removed = by.Revision, by.Content, by.Removed
		return true
	}
	*m = *by
	return true
}

// Merge returns what an archive that has stored a message, nil for none, has to
// store when it is given a row's message for the same number; changed says
// whether that is anything new. A row lands only on a smaller revision, and an
// amendment only on a message. Either is an error if it is no message.
func Merge(stored, row []byte) (merged []byte, changed bool, err error) {
	by, err := parse(row)
	if err != nil {
		return nil, false, fmt.Errorf("a row for the archive: %w", err)
	}
	if stored == nil {
		if by.amends() {
			return nil, false, nil
		}
		return row, true, nil
	}
	m, err := parse(stored)
	if err != nil {
		return nil, false, fmt.Errorf("a row of the archive: %w", err)
	}
	if m.Seq != by.Seq {
		return nil, false, errors.New("two rows for the archive with one number")
	}
	if !m.revise(&by) {
		return stored, false, nil
	}
	return m.encode(), true, nil
}

// checkContent says what is wrong with the content of a message or signal.
func checkContent(content string) error {
	if len(content) == 0 || len(content) > ContentBytesMax {
		return fault.New(fault.InvalidArgument,
			"a content of %d bytes: use 1 to %d", len(content), ContentBytesMax)
	}
	if !utf8.ValidString(content) {
		return fault.New(fault.InvalidArgument,
			"the content %.40q is not UTF-8: send text", content)
	}
	return nil
}

// view returns bytes as a string that changes with them.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
