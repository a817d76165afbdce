package slot

import (
	"bytes"
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
)

const second = 1_000_000

func body(n int, add func([]byte) []byte) []byte { return add(pack.AppendArray(nil, n)) }

func create(board string, o leaderboard.Operator) *Command {
	r := leaderboard.CreateRequest{Board: board, Operator: o}
	return &Command{Kind: leaderboard.KindCreate, Body: body(r.Fields(), r.Append)}
}

func submit(board string, owner byte, score int64) *Command {
	r := leaderboard.SubmitRequest{Board: board, Owner: grid.ID{owner}, Score: score}
	return &Command{Kind: leaderboard.KindSubmit, Body: body(r.Fields(), r.Append)}
}

func (c *Command) as(client byte, seq, low uint64) *Command {
	c.ID = grid.RequestID{Client: grid.ID{client}, Seq: seq, Low: low, Mark: grid.MarkOf(c.Body)}
	return c
}

func code(outcome []byte) fault.Code { return fault.Code(outcome[0]) }

func score(t *testing.T, s *Slot, board string, owner byte) int64 {
	t.Helper()
	r := leaderboard.OwnersRequest{Board: board, Owners: []grid.ID{{owner}}}
	reply, err := s.Query(leaderboard.KindOwners, body(r.Fields(), r.Append), nil)
	if err != nil {
		t.Fatal(err)
	}
	c := pack.NewCursor(reply)
	page, err := leaderboard.DecodePageReply(&c)
	if err != nil || len(page.Records) != 1 {
		t.Fatalf("owner %d: %+v, %v", owner, page, err)
	}
	return page.Records[0].Score
}

func TestARepeatedRequestIsNotDoneTwice(t *testing.T) {
	s := New()
	s.Apply(&grid.Turn{}, 1, create("b", leaderboard.Incr), nil)
	first := s.Apply(&grid.Turn{}, 2, submit("b", 1, 10).as(7, 1, 1), nil)
	again := s.Apply(&grid.Turn{}, 3, submit("b", 1, 10).as(7, 1, 1), nil)
	if code(first) != fault.OK || !bytes.Equal(first, again) {
		t.Fatalf("first %x, again %x", first, again)
	}
	if got := score(t, s, "b", 1); got != 10 {
		t.Fatalf("the score is %d after one request sent twice", got)
	}
}

func TestAForgottenRequestIsNeverDoneAgain(t *testing.T) {
	s := New()
	s.Apply(&grid.Turn{}, 1, create("b", leaderboard.Incr), nil)
	s.Apply(&grid.Turn{}, 2, submit("b", 1, 10).as(7, 1, 1), nil)
	s.Apply(&grid.Turn{}, 3, submit("b", 1, 10).as(7, 2, 2), nil)
	if got := code(s.Apply(&grid.Turn{}, 4, submit("b", 1, 10).as(7, 1, 1), nil)); got != fault.Aborted {
		t.Fatalf("a request below the lowest unanswered one: %v", got)
	}
	if got := score(t, s, "b", 1); got != 20 {
		t.Fatalf("the score is %d after two requests of 10", got)
	}
}

func TestANumberIsNotUsedForAnotherRequest(t *testing.T) {
	s := New()
	s.Apply(&grid.Turn{}, 1, create("b", leaderboard.Incr), nil)
	s.Apply(&grid.Turn{}, 2, submit("b", 1, 10).as(7, 1, 1), nil)
	for _, other := range []*Command{submit("b", 1, 11), submit("b", 2, 10), create("b", leaderboard.Incr)} {
		if got := code(s.Apply(&grid.Turn{}, 3, other.as(7, 1, 1), nil)); got != fault.InvalidArgument {
			t.Errorf("another request under the same number: %v", got)
		}
	}
	if got := score(t, s, "b", 1); got != 10 {
		t.Fatalf("the score is %d", got)
	}
}

func TestRequestsBeyondTheWindowAreRefused(t *testing.T) {
	s := New()
	for _, id := range [][2]uint64{{65, 1}, {1 << 63, 1}, {1, 2}} {
		if got := code(s.Apply(&grid.Turn{}, 1, submit("b", 1, 1).as(7, id[0], id[1]), nil)); got != fault.OutOfRange {
			t.Errorf("number %d with low %d: %v", id[0], id[1], got)
		}
	}
}

func TestALargeResultLeavesAMark(t *testing.T) {
	var r requests
	o, _, err := r.admit(&grid.RequestID{Seq: 1, Low: 1}, 7, 1)
	if err != nil {
		t.Fatal(err)
	}
	r.record(o, 1, 7, make([]byte, ResultBytesMax+1))
	if _, _, err := r.admit(&grid.RequestID{Seq: 1, Low: 1}, 7, 2); err != errDropped {
		t.Fatalf("a dropped result answers %v", err)
	}
}

func TestKeptResultsAreBounded(t *testing.T) {
	var r requests
	r.bytes = KeptBytesMax
	o, _, err := r.admit(&grid.RequestID{Seq: 1, Low: 1}, 7, 1)
	if err != nil {
		t.Fatal(err)
	}
	r.record(o, 1, 7, []byte{0})
	if _, _, err := r.admit(&grid.RequestID{Seq: 1, Low: 1}, 7, 2); err != errDropped {
		t.Fatalf("a result beyond the limit answers %v", err)
	}
}

func TestRowsExpireByTheSlotsClockAlone(t *testing.T) {
	s := New()
	s.Apply(&grid.Turn{}, 1, create("b", leaderboard.Incr), nil)
	s.Apply(&grid.Turn{}, 2, submit("b", 1, 1).as(7, 1, 1), nil)
	s.Apply(&grid.Turn{}, 3, submit("b", 1, 1).as(8, 1, 1), nil)
	s.Apply(&grid.Turn{}, 2+RowLife/2, submit("b", 1, 1).as(8, 2, 2), nil)
	s.Apply(&grid.Turn{}, 2+RowLife, create("b", leaderboard.Incr).as(9, 1, 1), nil)
	if _, ok := s.requests.index[grid.ID{7}]; ok {
		t.Error("a row outlived its time")
	}
	if _, ok := s.requests.index[grid.ID{8}]; !ok {
		t.Error("a row that was in use is gone")
	}
}

func TestTheStampNeverStepsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := New()
		last := int64(0)
		for range 50 {
			at := rapid.Int64Range(-5, 1000).Draw(t, "at")
			s.Apply(&grid.Turn{}, at, submit("none", 1, 1), nil)
			if s.Stamp() <= last || s.Stamp() < at {
				t.Fatalf("stamp %d after %d, at %d", s.Stamp(), last, at)
			}
			last = s.Stamp()
		}
	})
}

func FuzzDecode(f *testing.F) {
	s := New()
	s.Apply(&grid.Turn{}, 1, create("b", leaderboard.Best), nil)
	for i := range byte(5) {
		s.Apply(&grid.Turn{}, 2, submit("b", i, int64(i)).as(i%2, uint64(i)+1, 1), nil)
	}
	s.outbox.Send(5, leaderboard.KindSubmit, []byte{0x90})
	s.outbox.heard.Set(3, 3)
	gridtest.FuzzDecode(f, Decode, func(_ *testing.T, s *Slot) {
		s.Apply(&grid.Turn{}, 1<<40, submit("b", 1, 1).as(1, 100, 90), nil)
	}, s, New())
}

func FuzzCommand(f *testing.F) {
	f.Add(submit("b", 1, 5).as(3, 4, 2).Append(nil))
	f.Add(binary.BigEndian.AppendUint32([]byte{0x96, 0, 0, 0xc6}, 1<<31))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c Command
		in := pack.NewCursor(b)
		if err := c.Decode(&in); err != nil {
			return
		}
		var again Command
		in = pack.NewCursor(c.Append(nil))
		if err := again.Decode(&in); err != nil || again.Slot != c.Slot || again.Kind != c.Kind ||
			again.ID != c.ID || !bytes.Equal(again.Body, c.Body) {
			t.Fatalf("%+v became %+v (%v)", c, again, err)
		}
		New().Apply(&grid.Turn{}, 1, &c, nil)
	})
}

func BenchmarkApplySubmit(b *testing.B) {
	s := New()
	s.Apply(&grid.Turn{}, 1, create("b", leaderboard.Set), nil)
	var out []byte
	c := submit("b", 1, 5).as(3, 0, 0)
	b.ReportAllocs()
	for i := range b.N {
		c.ID.Seq = uint64(i + 1)
		c.ID.Low = uint64(max(1, i-60))
		out = s.Apply(&grid.Turn{}, int64(i), c, out[:0])
	}
}

// BenchmarkSnapshot measures encoding and decoding the request ids of 10,000 clients
// and as many duties, and a slot with nothing but its board.
func BenchmarkSnapshot(b *testing.B) {
	s, small := New(), New()
	small.Apply(&grid.Turn{}, 1, create("b", leaderboard.Set), nil)
	s.Apply(&grid.Turn{}, 1, create("b", leaderboard.Set), nil)
	for i := range 10_000 {
		c := submit("b", 1, 5).as(0, 1, 1)
		c.ID.Client = grid.ID{1, byte(i >> 8), byte(i)}
		s.Apply(&grid.Turn{}, int64(i), c, nil)
		s.outbox.Send(grid.Slot(i%1000), leaderboard.KindSubmit, c.Body)
	}
	gridtest.MeasureSnapshot(b, Decode, s)
	b.Run("small", func(b *testing.B) { gridtest.MeasureSnapshot(b, Decode, small) })
}

// A client that asks again may have another session by then, which the body
// names: it is the same request all the same.
func TestAskingAgainWithAnotherBodyIsTheSameRequest(t *testing.T) {
	s := New()
	s.Apply(&grid.Turn{}, 1, create("b", leaderboard.Incr), nil)
	first := submit("b", 1, 10).as(7, 1, 1)
	want := s.Apply(&grid.Turn{}, 2, first, nil)
	again := submit("b", 1, 11).as(7, 1, 1)
	again.ID.Mark = first.ID.Mark
	if got := s.Apply(&grid.Turn{}, 3, again, nil); !bytes.Equal(got, want) {
		t.Errorf("the same request got % x, then % x", want, got)
	}
}
