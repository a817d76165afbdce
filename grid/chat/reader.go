package chat

import (
	"cmp"
	"slices"
)

// Reader puts the messages of one channel in order for one reader: each is
// delivered once, by rising numbers, whatever pushes are lost, doubled or late.
// It has no clock and does no I/O. Who uses it does this after everything that
// happens:
//
//   - takes what Next gives until there is no more,
//   - asks Fetch what to read, and reads it (a HistoryRequest, forward, of
//     HistoryMessagesMax), at level leader or linearizable.
//
// The reply goes to Page. When Fetch gives the number that it gave before, the
// page was of no use: wait a little before asking again.
//
// Changes of messages are hints, of which some may be lost: nothing tells that one
// is missing, but to read the message again.
//
// The zero value is not usable: see NewReader. It belongs to its caller, for whom
// it holds at most AheadMessagesMax messages.
type Reader struct {
	next  uint64 // the lowest number of which nothing was said by Next
	solid uint64 // what is below was delivered, is in ahead, or is gone
	known uint64 // the highest number of which there was word

	ahead   []ahead // by rising numbers, none below next
	unsure  bool    // there may be more than known
	reading bool    // what Fetch gave is under way

	seen revisions
}

// ahead is a message that is not delivered yet.
type ahead struct {
	Message
	amendment bool // there is nothing else of it yet
}

// NewReader returns a reader for all messages behind the one with a number: 0, or
// what Last returned for an earlier reader. To begin with what is new, take the
// last number from an InfoReply that was read on the stream.
func NewReader(after uint64) *Reader {
	after = min(after, seqEnd-1)
	return &Reader{next: after + 1, solid: after + 1, known: after, unsure: true}
}

// Last returns the number of the last message that was delivered.
func (r *Reader) Last() uint64 { return r.next - 1 }

// Missed tells the reader that pushes may have been lost: the server said so, or
// the session was resumed, or has entered the stream and nothing was said of the last
// message there.
func (r *Reader) Missed() { r.unsure = true }

// At tells the reader that the last message has a number: the server said so (KindAt),
// or the session has entered the stream, which had that many. What is sent later is
// pushed.
func (r *Reader) At(last uint64) {
	if last < seqEnd {
		r.known = max(r.known, last)
	}
}

// Lost tells the reader that what it wanted to read will not come: the request
// failed, or the connection ended, with which pushes are lost too.
func (r *Reader) Lost() { r.unsure, r.reading = true, false }

// Push takes a new message (KindMessage).
func (r *Reader) Push(m Message) {
	if m.Seq == 0 || m.Seq >= seqEnd {
		return
	}
	r.known = max(r.known, m.Seq)
	r.insert(&m, false)
	r.advance()
}

// Changed takes a changed message (KindChanged). It says whether this is news of
// a message that was delivered: then it is to be delivered now. Of an amendment
// only content and removal count.
func (r *Reader) Changed(m Message) bool {
	switch {
	case m.Seq == 0 || m.Seq >= seqEnd:
		return false
	case m.Seq < r.next:
		return r.seen.add(m.Seq, m.Revision)
	}
	r.known = max(r.known, m.Seq)
	r.insert(&m, m.amends())
	r.advance()
	return false
}

// Fetch returns the number from which to read on, and false when there is nothing
// to read, or something is being read, or much waits for Next. What it gives is
// under way until Page or Lost.
func (r *Reader) Fetch() (from uint64, ok bool) {
	if r.reading || !r.unsure && r.known < r.solid || r.find(r.solid) > AheadMessagesMax/2 {
		return 0, false
	}
	r.reading, r.unsure = true, false
	return r.solid, true
}

// Page takes the messages from a number on, as they were read forward.
func (r *Reader) Page(from uint64, page *HistoryReply) {
	r.reading = false
	if page.Last < seqEnd {
		r.known = max(r.known, page.Last)
	}
	at := from
	for i := range page.Messages {
		m := &page.Messages[i]
		if m.Seq < at || m.Seq >= seqEnd {
			continue // no server says so
		}
		at = m.Seq + 1
		follows := from <= r.solid && m.Seq >= r.solid
		if follows {
			r.settle(m.Seq)
		}
		if !r.insert(m, false) {
			break // no room: it will be read again
		}
		if follows {
			r.settle(at)
		}
	}
	if len(page.Messages) == 0 && from <= r.solid && page.Last >= r.solid && page.Last < seqEnd {
		r.settle(page.Last + 1)
	}
	r.advance()
}

// Next returns the next message to deliver, and how many between the one before
// and it are gone: they are neither in memory nor in an archive.
func (r *Reader) Next() (m Message, gone uint64, ok bool) {
	if len(r.ahead) == 0 || r.ahead[0].Seq >= r.solid {
		return Message{}, 0, false
	}
	m = r.ahead[0].Message
	r.ahead = slices.Delete(r.ahead, 0, 1)
	gone, r.next = m.Seq-r.next, m.Seq+1
	r.seen.add(m.Seq, m.Revision)
	return m, gone, true
}

// find returns where in ahead a number is, or would be.
func (r *Reader) find(seq uint64) int {
	if n := len(r.ahead); n == 0 || r.ahead[n-1].Seq < seq {
		return n
	}
	i, _ := slices.BinarySearchFunc(r.ahead, seq, func(a ahead, seq uint64) int {
		return cmp.Compare(a.Seq, seq)
	})
	return i
}

// insert puts a message into ahead, unless there is a later revision of it, or
// it was delivered or found gone. It returns false when there is no room; for one
// with a lower number the highest makes room.
func (r *Reader) insert(m *Message, amendment bool) bool {
	i := r.find(m.Seq)
	if i < len(r.ahead) && r.ahead[i].Seq == m.Seq {
		r.ahead[i].merge(m, amendment)
		return true
	}
	if m.Seq < r.solid {
		return true
	}
	if len(r.ahead) == AheadMessagesMax {
		if i == len(r.ahead) {
			return false
		}
		r.ahead = r.ahead[:AheadMessagesMax-1]
	}
	r.ahead = slices.Insert(r.ahead, i, ahead{*m, amendment})
	return true
}

// merge takes what another push or page says of the same message.
func (a *ahead) merge(m *Message, amendment bool) {
	if a.amendment && !amendment {
		change := a.Message
		a.Message, a.amendment = *m, false
		a.revise(&change)
		return
	}
	a.revise(m)
}

// advance makes solid what follows without a gap.
func (r *Reader) advance() {
	for i := r.find(r.solid); i < len(r.ahead); i++ {
		if r.ahead[i].Seq != r.solid || r.ahead[i].amendment {
			return
		}
		r.solid++
	}
}

// settle makes solid all below a number: what is not in ahead is gone.
func (r *Reader) settle(end uint64) {
	r.ahead = slices.DeleteFunc(r.ahead, func(a ahead) bool { return a.amendment && a.Seq < end })
	r.solid = end
}
