package slot

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
)

// The age of the oldest duty is known while it waits, whatever comes behind it; after a
// restore it is at most too low.
func TestOldestDuty(t *testing.T) {
	s := New()
	send := func(at int64, to grid.Slot) {
		s.Apply(&grid.Turn{}, at*second, &Command{Kind: KindDue, Body: AppendDue(nil)}, nil)
		s.outbox.Send(to, leaderboard.KindSubmit, nil)
	}
	oldest := func() int64 { return s.Sizes().OldestDuty / second }
	if oldest() != 0 {
		t.Errorf("an empty outbox has one of %d", oldest())
	}
	send(100, 7)
	send(103, 8)
	send(109, 7)
	if z := s.Sizes(); oldest() != 100 || z.Duties.Count != 3 {
		t.Errorf("%+v", z)
	}
	s.outbox.carried(7, 1)
	if oldest() != 103 {
		t.Errorf("behind the first: %d", oldest())
	}
	if s = gridtest.Recode(t, Decode, s); oldest() != 109 {
		t.Errorf("restored: %d", oldest())
	}
}

// What sizes say is near what the memory says, for many things of a kind.
func TestSizesAreNearTheTruth(t *testing.T) {
	const n = 20_000
	id := func(i int) (id grid.ID) {
		binary.BigEndian.PutUint64(id[:], uint64(i+1)*0x9e3779b97f4a7c15)
		return id
	}
	lobby := grid.AppendKey(nil, grid.StreamRoom, "lobby")
	kinds := map[string]struct {
		fill func(s *Slot, i int)
		of   func(z *Sizes) grid.Size
	}{
		"records": {func(s *Slot, i int) {
			if i == 0 {
				s.Apply(&grid.Turn{}, 1, create("b", leaderboard.Set), nil)
			}
			r := leaderboard.SubmitRequest{Board: "b", Owner: id(i), Score: int64(i), Metadata: "on my phone"}
			s.do(1, leaderboard.KindSubmit, body(r.Fields(), r.Append))
		}, func(z *Sizes) grid.Size { return z.Records }},
		"sessions": {func(s *Slot, i int) {
			r := session.OpenRequest{User: id(i), Origin: grid.OriginOf(1, 1), Conn: uint64(i)}
			s.do(1, session.KindOpen, body(r.Fields(), r.Append))
		}, func(z *Sizes) grid.Size { return z.Sessions }},
		"presences": {func(s *Slot, i int) {
			r := presence.EnterRequest{Key: lobby, Session: grid.SessionID(i + 1), User: id(i),
				Status: []byte("playing"), HasStatus: true}
			_, _ = s.own(presence.KindEnter).Apply(&grid.Turn{}, presence.KindEnter,
				body(r.Fields(), r.Append), nil)
		}, func(z *Sizes) grid.Size { return z.Presences }},
		"requests": {func(s *Slot, i int) {
			o, _, err := s.requests.admit(&grid.RequestID{Client: id(i), Seq: 1, Low: 1}, 1, 1)
			if err == nil {
				s.requests.record(o, 1, 1, make([]byte, 100))
			}
		}, func(z *Sizes) grid.Size { return z.Requests }},
		"duties": {func(s *Slot, i int) {
			s.outbox.Send(grid.Slot(i%100), leaderboard.KindSubmit, make([]byte, 64))
		}, func(z *Sizes) grid.Size { return z.Duties }},
		"messages": {func(s *Slot, i int) {
			s.send(t, fmt.Sprint("room ", i%2000), id(i))
		}, func(z *Sizes) grid.Size { return z.Messages.Plus(z.Channels) }},
	}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			s := New()
			before := gridtest.Heap()
			for i := range n {
				kind.fill(s, i)
			}
			took := gridtest.Heap() - before
			z := s.Sizes()
			got := kind.of(&z)
			t.Logf("%d, said to take %d bytes, and took %.0f", got.Count, got.Bytes, took)
			if said := float64(got.Bytes); got.Count < n || said < took/2 || said > took*2 {
				t.Error("that is far off")
			}
		})
	}
}

// send sends a chat message of 100 bytes to a room, as a server.
func (s *Slot) send(t *testing.T, room string, user grid.ID) {
	t.Helper()
	b := grid.AppendStream(pack.AppendArray(nil, 2), grid.AppendKey(nil, grid.StreamRoom, room))
	b = pack.AppendString(b, fmt.Sprintf("%0100d", 1))
	in := pack.NewCursor(b)
	n := in.Array()
	for _, op := range chat.Ops(nil) {
		if op.Kind == chat.KindSend {
			_, body, err := op.Prepare(&grid.Caller{User: user, Server: true, Address: grid.Address{Session: 1}},
				&in, n, nil)
			if err != nil {
				t.Fatal(err)
			}
			s.do(1, chat.KindSend, body)
		}
	}
}
