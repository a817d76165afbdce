package slot

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
)

// sender is a client as the model knows it.
type sender struct {
	seq, low uint64
	results  map[uint64][]byte // outcomes by number
	late     []grid.RequestID  // given out, and still on their way
}

// world is a slot beside what must be true of it.
type world struct {
	live    *Slot
	now     int64
	sum     int64 // of all scores that were added once
	senders [4]sender
	frozen  *Slot // a clone, and what it encoded when it was made
	was     []byte
}

// TestModel runs random requests of several clients, repeated and out of turn,
// against a map of what must be remembered, through clones and restores.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{live: New(), now: second}
		w.live.Apply(&grid.Turn{}, 1, create("b", leaderboard.Incr), nil)
		for i := range w.senders {
			w.senders[i] = sender{low: 1, results: map[uint64][]byte{}}
		}
		t.Repeat(map[string]func(*rapid.T){
			"send": w.send, "arrive": w.arrive, "repeat": w.repeat, "answered": w.answered,
			"clone":   func(*rapid.T) { w.frozen, w.was = w.live.Clone(), gridtest.Encode(w.live) },
			"restore": func(*rapid.T) { w.live = gridtest.Recode(t, Decode, w.live) },
			"":        w.check,
		})
	})
}

func (w *world) draw(t *rapid.T) (byte, *sender) {
	i := rapid.IntRange(0, len(w.senders)-1).Draw(t, "client")
	return byte(i), &w.senders[i]
}

func (w *world) apply(id grid.RequestID) []byte {
	c := submit("b", 1, 3)
	c.ID = id
	return w.live.Apply(&grid.Turn{}, w.now, c, nil)
}

// send gives out the next number; its request arrives at once, or later.
func (w *world) send(t *rapid.T) {
	i, s := w.draw(t)
	if s.seq+1 >= s.low+grid.RequestsMax {
		return
	}
	s.seq++
	id := grid.RequestID{Client: grid.ID{i}, Seq: s.seq, Low: s.low}
	if len(s.late) < 3 && rapid.IntRange(0, 3).Draw(t, "late") == 0 {
		s.late = append(s.late, id)
		return
	}
	w.now += rapid.Int64Range(0, 3*second).Draw(t, "later")
	w.first(t, s, id)
}

// first lets a request arrive for the first time.
func (w *world) first(t *rapid.T, s *sender, id grid.RequestID) {
	out := w.apply(id)
	if code(out) == fault.Aborted && id.Seq < s.low {
		return // given up meanwhile, and the slot knows
	}
	if code(out) != fault.OK {
		t.Fatalf("request %d: %q", id.Seq, out)
	}
	w.sum += 3
	s.results[id.Seq] = out
}

// arrive lets a request arrive that was on its way.
func (w *world) arrive(t *rapid.T) {
	_, s := w.draw(t)
	if len(s.late) == 0 {
		return
	}
	id := s.late[0]
	s.late = s.late[1:]
	w.first(t, s, id)
}

// repeat sends a request again that was not answered.
func (w *world) repeat(t *rapid.T) {
	i, s := w.draw(t)
	if s.seq < s.low {
		return
	}
	seq := rapid.Uint64Range(s.low, s.seq).Draw(t, "seq")
	if s.results[seq] == nil {
		return
	}
	out := w.apply(grid.RequestID{Client: grid.ID{i}, Seq: seq, Low: s.low})
	if !bytes.Equal(out, s.results[seq]) {
		t.Fatalf("request %d again: %x, first %x", seq, out, s.results[seq])
	}
}

// answered raises a client's lowest unanswered number.
func (w *world) answered(t *rapid.T) {
	_, s := w.draw(t)
	s.low = rapid.Uint64Range(s.low, s.seq+1).Draw(t, "low")
}

func (w *world) check(t *rapid.T) {
	w.checkBytes(t)
	if w.frozen != nil && !bytes.Equal(gridtest.Encode(w.frozen), w.was) {
		t.Fatalf("a clone changed")
	}
	b := gridtest.Encode(w.live)
	again := gridtest.Recode(t, Decode, w.live)
	if !bytes.Equal(gridtest.Encode(again), b) || again.Digest() != w.live.Digest() {
		t.Fatalf("encode and decode are not inverse")
	}
	if a, b := again.Sizes(), w.live.Sizes(); a != b {
		t.Fatalf("a restore counts %+v, the original %+v", a, b)
	}
	if again.requests.bytes != w.live.requests.bytes {
		t.Fatalf("a restore counts %d bytes, the original %d",
			again.requests.bytes, w.live.requests.bytes)
	}
	if w.sum > 0 {
		w.checkSum(t)
	}
}

// checkBytes compares the count of kept bytes with what is kept.
func (w *world) checkBytes(t *rapid.T) {
	total := 0
	for _, page := range w.live.requests.pages {
		for i := range page.rows {
			page.rows[i].each(func(_ uint64, _ uint32, result []byte) { total += len(result) })
		}
	}
	if total != w.live.requests.bytes {
		t.Fatalf("%d bytes are kept, %d are counted", total, w.live.requests.bytes)
	}
}

func (w *world) checkSum(t *rapid.T) {
	r := leaderboard.OwnersRequest{Board: "b", Owners: []grid.ID{{1}}}
	reply, err := w.live.Query(leaderboard.KindOwners, body(r.Fields(), r.Append), nil)
	if err != nil {
		t.Fatal(err)
	}
	c := pack.NewCursor(reply)
	page, err := leaderboard.DecodePageReply(&c)
	if err != nil || page.Records[0].Score != w.sum {
		t.Fatalf("the sum is %d, want %d (%v)", page.Records[0].Score, w.sum, err)
	}
}
