package chat

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
)

// TestReaderOnALossyNetwork lets a Reader follow a channel over a network that
// loses, doubles and reorders pushes and loses connections. In the end it has
// delivered all that there is, once and in order.
func TestReaderOnALossyNetwork(t *testing.T) { rapid.Check(t, follow) }

func follow(t *rapid.T) {
	w := wire{channels: New(), versions: map[uint64][]Message{}, has: map[uint64]Message{}, void: map[uint64]bool{}}
	w.lossy = rapid.Bool().Draw(t, "changes are lost")
	if rapid.Bool().Draw(t, "archive") {
		w.archive = newShelf()
	}
	w.burst = rapid.SampledFrom([]int{1, 3, 150}).Draw(t, "burst")
	w.reader = NewReader(0)
	if w.quiet = rapid.Bool().Draw(t, "quiet"); w.quiet {
		w.read() // it knows where it stands
		w.serve(t)
		w.answer()
	}
	for range rapid.SampledFrom([]int{3, 30, 150}).Draw(t, "steps") {
		w.step(t)
	}
	w.heal(t)
	w.compare(t)
}

// wire is a channel, a client, and what is under way between them.
type wire struct {
	channels *Channels
	archive  *shelf
	versions map[uint64][]Message // what each message ever was
	stamp    int64
	burst    int
	lossy    bool // changes are lost too
	quiet    bool // nothing is lost but what was sent while the client was away
	away     bool // what is sent is pushed elsewhere, until the client enters

	pushes  []push
	request *HistoryRequest
	page    *HistoryReply

	reader *Reader
	last   uint64
	has    map[uint64]Message // what the client shows
	void   map[uint64]bool    // what a server updated although it was removed
}

// push is a message under way, or word that some were lost.
type push struct {
	kind    grid.Kind // 0: some were lost
	message Message
}

var lobby = roomKey("lobby")

func (w *wire) step(t *rapid.T) {
	switch rapid.SampledFrom([]string{"send", "send", "send", "change", "archive", "lose", "deliver", "deliver",
		"deliver", "read", "serve", "answer", "next", "next", "cut", "leave", "enter"}).Draw(t, "step") {
	case "send":
		for range rapid.IntRange(1, w.burst).Draw(t, "messages") {
			w.apply(t, KindSend, &SendRequest{lobby, "hello"})
		}
	case "leave":
		w.away = true
	case "enter":
		w.enter()
	case "change":
		if w.away {
			return // nothing would tell of it
		}
		seq := rapid.Uint64Range(0, uint64(len(w.versions))).Draw(t, "seq")
		if rapid.Bool().Draw(t, "remove") {
			w.apply(t, KindRemove, &RemoveRequest{lobby, seq})
		} else {
			w.apply(t, KindUpdate, &UpdateRequest{lobby, seq, fmt.Sprint("at ", w.stamp)})
		}
	case "archive":
		if w.archive != nil {
			archiveAll(t, w.channels, w.archive, 1<<20)
		}
	case "lose":
		if w.quiet {
			return
		}
		w.lose(rapid.IntRange(0, len(w.pushes)).Draw(t, "push"))
	case "deliver":
		w.deliver(t)
	case "read":
		w.read()
	case "serve":
		w.serve(t)
	case "answer":
		w.answer()
	case "next":
		w.next(t, rapid.IntRange(1, 200).Draw(t, "deliveries"))
	case "cut":
		if w.quiet {
			return
		}
		for i := len(w.pushes) - 1; i >= 0; i-- {
			w.lose(i)
		}
		w.request, w.page = nil, nil
		w.reader.Lost()
	}
}

// apply lets the server do something, and notes what is pushed.
func (w *wire) apply(t *rapid.T, kind grid.Kind, r request) {
	var a Archive
	if w.archive != nil {
		a = w.archive
	}
	_, body, err := prepare(a, &server, kind, r)
	if err != nil {
		t.Fatal(err)
	}
	w.stamp++
	var effects grid.Effects
	turn := grid.Turn{Stamp: w.stamp, Members: everyone{}, Effects: &effects}
	_, err = w.channels.Apply(&turn, kind, body, nil)
	if code := fault.CodeOf(err); code != fault.OK && code != fault.NotFound && code != fault.FailedPrecondition {
		t.Fatal(err)
	}
	for _, h := range effects.Hints {
		e := gridtest.Whole(effects.Of(h.Body), DecodeMessageEvent)
		if e.Key != lobby || string(effects.Of(h.Stream)) != lobby {
			t.Fatalf("an event for %q on %q", e.Key, effects.Of(h.Stream))
		}
		m := e.Message
		if !w.away {
			w.pushes = append(w.pushes, push{h.Kind, m})
		}
		now := m
		if old := w.versions[m.Seq]; m.amends() {
			now = old[len(old)-1]
			if !now.revise(&m) {
				w.void[m.Seq] = true // it was removed, which the slot has forgotten
				continue
			}
		}
		w.versions[m.Seq] = append(w.versions[m.Seq], now)
	}
}

// enter lets pushes come from now on, and tells of the last message there was.
func (w *wire) enter() {
	w.away = false
	last := w.channels.Last([]byte(lobby))
	w.pushes = append(w.pushes, push{KindAt, Message{Seq: last}})
}

// lose loses a push: in its place comes word of that.
func (w *wire) lose(i int) {
	if i < len(w.pushes) && (w.lossy || w.pushes[i].kind == KindMessage) {
		w.pushes[i] = push{}
	}
}

// deliver lets one of the first pushes arrive, which may arrive once more.
func (w *wire) deliver(t *rapid.T) {
	if len(w.pushes) == 0 {
		return
	}
	i := rapid.IntRange(0, min(3, len(w.pushes)-1)).Draw(t, "push")
	w.arrive(t, w.pushes[i])
	if rapid.IntRange(0, 3).Draw(t, "again") < 3 {
		w.pushes = slices.Delete(w.pushes, i, i+1)
	}
}

func (w *wire) arrive(t *rapid.T, p push) {
	switch m := p.message; p.kind {
	case 0:
		w.reader.Missed()
	case KindAt:
		w.reader.At(m.Seq)
	case KindMessage:
		w.reader.Push(m)
	case KindChanged:
		if !w.reader.Changed(m) {
			return
		}
		old, shown := w.has[m.Seq]
		if m.Seq > w.last || shown && m.Revision <= old.Revision {
			t.Fatalf("revision %d of message %d is news, after %d of %d", m.Revision, m.Seq, old.Revision, w.last)
		}
		if shown {
			old.revise(&m)
			w.has[m.Seq] = old
		}
	}
}

func (w *wire) read() {
	if from, ok := w.reader.Fetch(); ok {
		w.request, w.page = &HistoryRequest{Key: lobby, From: from, Limit: HistoryMessagesMax}, nil
	}
}

func (w *wire) serve(t *rapid.T) {
	if w.request == nil || w.page != nil {
		return
	}
	var a Archive
	if w.archive != nil {
		a = w.archive
	}
	page, err := ask(w.channels, a, KindHistory, w.request, DecodeHistoryReply)
	if err != nil {
		t.Fatal(err)
	}
	w.page = &page
}

func (w *wire) answer() {
	if w.page != nil {
		w.reader.Page(w.request.From, w.page)
		w.request, w.page = nil, nil
	}
}

// next lets the client take some messages.
func (w *wire) next(t *rapid.T, most int) {
	for range most {
		m, gone, ok := w.reader.Next()
		if !ok {
			return
		}
		if m.Seq != w.last+1+gone || !w.void[m.Seq] && !slices.Contains(w.versions[m.Seq], m) {
			t.Fatalf("message %+v, and %d gone, behind %d", m, gone, w.last)
		}
		w.last, w.has[m.Seq] = m.Seq, m
		if w.reader.Last() != m.Seq {
			t.Fatalf("the last delivered is %d, not %d", w.reader.Last(), m.Seq)
		}
	}
}

// heal lets everything arrive, and the client read what it wants to.
func (w *wire) heal(t *rapid.T) {
	w.serve(t)
	w.answer()
	if w.away {
		w.enter()
	}
	for _, p := range w.pushes {
		w.arrive(t, p)
		w.next(t, 1000)
	}
	for range 10 + len(w.versions)/10 {
		w.next(t, 1000)
		w.read()
		w.serve(t)
		w.answer()
	}
	w.next(t, 1000)
	if from, ok := w.reader.Fetch(); ok {
		t.Fatalf("the reader still wants to read from %d", from)
	}
}

func (w *wire) compare(t *rapid.T) {
	if w.last != uint64(len(w.versions)) {
		t.Fatalf("delivered up to %d of %d", w.last, len(w.versions))
	}
	info, err := ask(w.channels, nil, KindInfo, &InfoRequest{lobby}, DecodeInfoReply)
	if err != nil {
		t.Fatal(err)
	}
	for seq, versions := range w.versions {
		m, shown := w.has[seq]
		switch {
		case !shown && (w.archive != nil || seq >= info.First):
			t.Fatalf("message %d was not delivered", seq)
		case shown && !w.lossy && !w.void[seq] && m != versions[len(versions)-1]:
			t.Fatalf("message %d is shown as %+v, and is %+v", seq, m, versions[len(versions)-1])
		}
	}
}

// FuzzReader feeds a Reader anything, from a server that says anything: it never
// delivers twice or out of order, holds what it may, and asks for what it lacks.
func FuzzReader(f *testing.F) {
	f.Add([]byte{0, 1, 0, 3, 2, 0, 3, 4, 0, 0, 2, 3, 1, 5, 2, 7, 3, 0})
	f.Add([]byte{0, 5, 0, 9, 1, 7, 4, 1, 2, 3, 9, 5, 6, 0, 200, 3, 3, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		in := script{data}
		r := NewReader(uint64(in.byte() % 3))
		last, revisions := r.Last(), map[uint64]uint64{}
		for len(in.data) > 0 {
			switch m := in.message(); in.byte() % 8 {
			case 0:
				r.Push(m)
			case 1:
				if r.Changed(m) && (m.Seq > last || m.Revision <= revisions[m.Seq]) {
					t.Fatalf("%+v is news, behind %d and revision %d", m, last, revisions[m.Seq])
				} else if m.Seq <= last {
					revisions[m.Seq] = max(revisions[m.Seq], m.Revision)
				}
			case 2:
				page := HistoryReply{First: uint64(in.byte()), Last: in.seq()}
				for range in.byte() % 8 {
					page.Messages = append(page.Messages, in.message())
				}
				r.Page(in.seq(), &page)
			case 3:
				for range in.byte() {
					m, gone, ok := r.Next()
					if !ok {
						break
					}
					if m.Seq <= last || m.Seq-last != 1+gone || r.Last() != m.Seq {
						t.Fatalf("message %d with %d gone behind %d", m.Seq, gone, last)
					}
					last, revisions[m.Seq] = m.Seq, max(revisions[m.Seq], m.Revision)
				}
			case 7:
				r.At(m.Seq)
			case 4:
				r.Missed()
			case 5:
				r.Lost()
			case 6:
				if from, ok := r.Fetch(); ok && from <= last {
					t.Fatalf("asks for %d, and has %d", from, last)
				}
			}
			if len(r.ahead) > AheadMessagesMax {
				t.Fatalf("holds %d messages", len(r.ahead))
			}
		}
	})
}

// FuzzReaderFollows is TestReaderOnALossyNetwork, led by the fuzzer.
func FuzzReaderFollows(f *testing.F) { f.Fuzz(rapid.MakeFuzz(follow)) }

// script draws from bytes.
type script struct{ data []byte }

func (s *script) byte() byte {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return b
}

// seq draws a number: mostly a small one, or one near the largest.
func (s *script) seq() uint64 {
	if b := s.byte(); b < 250 {
		return uint64(b)
	}
	return seqEnd - 128 + uint64(s.byte())
}

func (s *script) message() Message {
	return Message{Seq: s.seq(), Time: int64(s.byte() % 4), Revision: uint64(s.byte() % 16), Content: "x"}
}
