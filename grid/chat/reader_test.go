package chat

import (
	"fmt"
	"slices"
	"testing"
)

// said returns a message with a number.
func said(seq uint64) Message { return Message{Seq: seq, Time: 1, Content: fmt.Sprint(seq)} }

// pageOf returns the messages with some numbers.
func pageOf(last uint64, numbers ...uint64) *HistoryReply {
	p := &HistoryReply{First: 1, Last: last}
	for _, seq := range numbers {
		p.Messages = append(p.Messages, said(seq))
	}
	return p
}

// taken returns what a reader delivers: numbers, negative ones for how many are gone.
func taken(r *Reader) (out []int) {
	for m, gone, ok := r.Next(); ok; m, gone, ok = r.Next() {
		if gone > 0 {
			out = append(out, -int(gone))
		}
		out = append(out, int(m.Seq))
	}
	return out
}

func wants(t *testing.T, r *Reader, from uint64, deliveries ...int) {
	t.Helper()
	if got := taken(r); !slices.Equal(got, deliveries) {
		t.Fatalf("delivered %v, want %v", got, deliveries)
	}
	if got, _ := r.Fetch(); got != from {
		t.Fatalf("wants to read from %d, want %d", got, from)
	}
}

func TestReaderFillsGaps(t *testing.T) {
	r := NewReader(4)
	wants(t, r, 5) // what came meanwhile
	r.Push(said(7))
	wants(t, r, 0)
	r.Page(5, pageOf(6, 5, 6))
	wants(t, r, 0, 5, 6, 7)
	r.Push(said(8))
	r.Push(said(8))
	r.Push(said(5))
	wants(t, r, 0, 8)
	r.Push(said(11))
	r.Push(said(10))
	wants(t, r, 9)
	r.Push(said(9)) // it was only late
	wants(t, r, 0, 9, 10, 11)
	r.Page(9, pageOf(11, 9, 10, 11))
	wants(t, r, 0)
	if r.Last() != 11 {
		t.Errorf("at %d", r.Last())
	}
}

func TestReaderReadsAgainWhenMoreMayBeMissing(t *testing.T) {
	r := NewReader(0)
	wants(t, r, 1)
	r.Missed() // behind what the page under way will say
	wants(t, r, 0)
	r.Page(1, pageOf(2, 1, 2))
	wants(t, r, 3, 1, 2)
	r.Lost()
	wants(t, r, 3)
	r.Page(3, pageOf(2))
	wants(t, r, 0)
	r.Push(said(200))
	wants(t, r, 3)
	r.Page(3, pageOf(200, 3, 4, 5)) // a short page
	wants(t, r, 6, 3, 4, 5)
}

func TestReaderReportsWhatIsGone(t *testing.T) {
	r := NewReader(0)
	r.Push(said(3))
	wants(t, r, 1)
	r.Page(1, pageOf(50, 40, 41))
	wants(t, r, 42, -2, 3, -36, 40, 41)
	r.Page(42, pageOf(50, 42, 45, 50))
	wants(t, r, 0, 42, -2, 45, -4, 50)
	r.Missed()
	wants(t, r, 51)
	r.Page(51, pageOf(60)) // no server should say so, but who reads must come to an end
	wants(t, r, 0)
	r.Push(said(61))
	wants(t, r, 0, -10, 61)
}

// TestReaderBelievesPagesOfElsewhere: of what is before it a page says nothing.
func TestReaderBelievesPagesOfElsewhere(t *testing.T) {
	r := NewReader(4)
	r.Page(10, pageOf(12, 10, 12))
	wants(t, r, 5)
	r.Page(5, pageOf(12, 5, 6, 7, 8, 9))
	wants(t, r, 11, 5, 6, 7, 8, 9, 10)
	r.Page(11, pageOf(12, 12))
	wants(t, r, 0, -1, 12)
}

// TestReaderFullOfWhatIsGone: a reader that has no room for a page comes to an end
// with it, because the page says that nothing is missing before what there is.
func TestReaderFullOfWhatIsGone(t *testing.T) {
	r := NewReader(0)
	for seq := range uint64(600) {
		r.Push(said(seq + 2))
	}
	if len(r.ahead) != AheadMessagesMax {
		t.Fatalf("holds %d", len(r.ahead))
	}
	from, _ := r.Fetch()
	r.Page(from, pageOf(5001, 5000, 5001))
	if got := taken(r); len(got) != 1+AheadMessagesMax || got[0] != -1 || got[1] != 2 {
		t.Fatalf("delivered %v", got)
	}
	wants(t, r, 5000)
}

func TestReaderTellsNewsOfDelivered(t *testing.T) {
	change := func(seq, revision uint64) Message {
		m := said(seq)
		m.Revision, m.Content = revision, fmt.Sprint("revision ", revision)
		return m
	}
	r := NewReader(0)
	r.Push(said(1))
	r.Push(said(2))
	if r.Changed(change(2, 3)) {
		t.Error("news of what was not delivered")
	}
	if _, _, ok := r.Next(); !ok {
		t.Fatal("nothing")
	}
	for i, x := range []struct {
		m    Message
		news bool
	}{{change(1, 2), true}, {change(1, 2), false}, {change(1, 1), false}, {change(1, 5), true}, {change(1, 4), false},
		{said(1), false}} {
		if got := r.Changed(x.m); got != x.news {
			t.Errorf("change %d: news %v", i, got)
		}
	}
	if m, _, _ := r.Next(); m != change(2, 3) {
		t.Errorf("delivered %+v", m)
	}
	if r.Changed(change(2, 3)) || !r.Changed(change(2, 6)) {
		t.Error("revision 3 was delivered, 6 was not")
	}
	amendment := Message{Seq: 3, Revision: 7, Content: "amended"}
	if r.Changed(amendment) || len(taken(r)) > 0 {
		t.Error("delivered an amendment without its message")
	}
	r.Push(said(3))
	want := said(3)
	want.Revision, want.Content = 7, "amended"
	if m, _, _ := r.Next(); m != want {
		t.Errorf("delivered %+v", m)
	}
	r.Changed(Message{Seq: 4, Revision: 8, Removed: true})
	if from, _ := r.Fetch(); from != 4 {
		t.Errorf("reads from %d", from)
	}
	r.Page(4, pageOf(5, 5)) // 4 is gone
	wants(t, r, 0, -1, 5)
}

// TestReaderRemembersRevisions: nothing that may have been delivered is delivered
// again, however long ago.
func TestReaderRemembersRevisions(t *testing.T) {
	var seen revisions
	for i := range uint64(3 * revisionsMax) {
		if !seen.add(i%100+1, i+1) {
			t.Fatalf("change %d is no news", i+1)
		}
	}
	for i := range uint64(3 * revisionsMax) {
		if seen.add(i%100+1, i+1) {
			t.Fatalf("change %d is news again", i+1)
		}
	}
	if len(seen.latest) > revisionsMax || seen.add(1000, 2) || !seen.add(1, 1000) {
		t.Errorf("%d are remembered", len(seen.latest))
	}
}

// TestReaderIsBounded: whatever comes, it holds so many messages, drops the
// farthest, and reads them later.
func TestReaderIsBounded(t *testing.T) {
	r := NewReader(0)
	for seq := uint64(5000); seq > 1; seq-- {
		r.Push(said(seq))
	}
	if len(r.ahead) != AheadMessagesMax || len(taken(r)) > 0 {
		t.Fatalf("holds %d", len(r.ahead))
	}
	from, _ := r.Fetch()
	r.Page(from, pageOf(5000, 1))
	if from, ok := r.Fetch(); ok {
		t.Errorf("reads from %d although much waits", from)
	}
	if got := taken(r); len(got) != AheadMessagesMax {
		t.Errorf("delivered %d", len(got))
	}
	for r.Last() < 5000 {
		from, ok := r.Fetch()
		if !ok {
			t.Fatalf("reads nothing behind %d", r.Last())
		}
		p := pageOf(5000)
		for seq := from; seq < from+HistoryMessagesMax && seq <= 5000; seq++ {
			p.Messages = append(p.Messages, said(seq))
		}
		r.Page(from, p)
		taken(r)
	}
	for _, seq := range []uint64{0, seqEnd, seqEnd + 7, 1<<64 - 1} {
		r.Push(said(seq))
		r.Changed(said(seq))
		r.Page(seq, pageOf(seq, seq))
	}
	wants(t, r, 0)
}

// TestReaderIsToldTheLast: it reads what it has not been pushed, and nothing else.
func TestReaderIsToldTheLast(t *testing.T) {
	r := NewReader(4)
	r.Page(5, &HistoryReply{First: 1, Last: 4})
	if _, ok := r.Fetch(); !ok { // a new reader does not know where it stands
		t.Fatal("a new reader reads nothing")
	}
	r.Page(5, &HistoryReply{First: 1, Last: 4})
	for _, last := range []uint64{0, 4, seqEnd, 1<<64 - 1} {
		if r.At(last); r.known != 4 {
			t.Fatalf("%d are known of", r.known)
		}
	}
	if from, ok := r.Fetch(); ok {
		t.Fatalf("reads from %d, and lacks nothing", from)
	}
	r.At(6)
	if from, ok := r.Fetch(); !ok || from != 5 {
		t.Fatalf("reads from %d, %v, and lacks 5 and 6", from, ok)
	}
}
