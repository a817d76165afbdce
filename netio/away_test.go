package netio

import (
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// How old what is read at level grid.Stale is, µs, where it is served and away.
const (
	staleHere = 2_000
	staleAway = 30_000
)

type awayRead struct {
	level grid.Level
	kind  grid.Kind
}

func (s *fakeShards) noteAsked(level grid.Level, kind grid.Kind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away[awayRead{level, kind}]++
}

func (s *fakeShards) askedAway(level grid.Level, kind grid.Kind) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.away[awayRead{level, kind}]
}

// answer is another node's, to a query.
func (s *fakeShards) answer(
	level grid.Level, kind grid.Kind, body []byte, ref grid.Ref,
) *grid.Outcomes {
	o := &grid.Outcomes{Refs: []grid.Ref{ref}, Err: s.failure()}
	if o.Err != nil {
		return o
	}
	status, prefix := []byte{0}, []byte(nil)
	if level == grid.Stale {
		prefix = grid.BeginStale(nil, staleAway)
	}
	reply, err := s.read(kind, body, nil)
	switch err {
	case nil:
	case grid.ErrPartial:
		status = []byte{grid.StatusPartial}
	default:
		o.Bytes = appendFailure(nil, err)
		o.Ends = []uint32{uint32(len(o.Bytes))}
		return o
	}
	o.Bytes = append(append(status, prefix...), reply...)
	o.Ends = []uint32{uint32(len(o.Bytes))}
	return o
}

// levels are all levels, with the age in ms that comes with a reply of what is away.
var levels = map[grid.Level]int{grid.Leader: -1, grid.Linearizable: -1, grid.Stale: 30}

// aged returns the number that answers a read, and its age in ms; -1: it says none.
func (p *peer) aged(id uint32, level grid.Level) (n int64, age int) {
	p.t.Helper()
	f := p.reply(id)
	body := f.Body
	age = -1
	if f.Flags&wire.Error != 0 {
		in := pack.NewCursor(body)
		e, _ := fault.Decode(&in)
		p.t.Fatal(e)
	}
	if level == grid.Stale {
		ms, rest, err := grid.CutStale(body)
		if err != nil {
			p.t.Fatal(err)
		}
		age, body = int(ms), rest
	}
	in := pack.NewCursor(body)
	for in.Array() == 1 { // kindPart wraps its part
		if at := in; at.Array() != 1 {
			break
		}
	}
	return in.Int(), age
}

// A read whose slot is away is asked, at every level, and answered once: whole, by a
// worker who completes it, or gathered.
func TestReadsAreAsked(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	for seq, key := range []string{"away", "away sum", "away sum+", "near", "near+", "lost"} {
		p.number(p.send(kindPut, 0, put(uint64(seq)+1, 1, key, int64(seq)+1)))
	}
	for level, age := range levels {
		for _, c := range []struct {
			kind grid.Kind
			key  string
			want int64
		}{{kindGet, "away", 1}, {kindPart, "away part", 7}, {kindSum, "away sum", 5}} {
			n, was := p.aged(p.send(c.kind, wire.LevelFlags(level), get(c.key)), level)
			if n != c.want || was != age {
				t.Errorf("%s at level %d: %d, %d ms old; want %d, %d", c.key, level, n, was, c.want, age)
			}
			if asked := s.shards.askedAway(level, c.kind); asked == 0 {
				t.Errorf("%s at level %d was not asked", c.key, level)
			}
		}
		if n, _ := p.aged(p.send(kindGet, wire.LevelFlags(level), get("lost")), level); n != 6 {
			t.Errorf("a leader that was lost, at level %d: %d", level, n)
		}
	}
	if n := s.shards.askedAway(grid.Linearizable, kindGet); n != 2 {
		t.Errorf("%d linearizable reads were asked, want that of what is away, and of what was lost", n)
	}
	p.works()
}

// A reply from here at level stale says its age too, also one that is completed or
// gathered.
func TestStaleRepliesSayTheirAge(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	p.number(p.send(kindPut, 0, put(1, 1, "near", 3)))
	p.number(p.send(kindPut, 0, put(2, 1, "near+", 4)))
	for kind, want := range map[grid.Kind]int64{kindGet: 3, kindPart: 7, kindSum: 7} {
		n, age := p.aged(p.send(kind, wire.LevelFlags(grid.Stale), get("near")), grid.Stale)
		if n != want || age != 2 {
			t.Errorf("kind %#x: %d, %d ms old", uint16(kind), n, age)
		}
	}
}

// What cannot be asked, and what fails there, is answered with the error; reads that are
// asked count among those that a connection may have unanswered.
func TestAskedReadsFail(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	for level := range levels {
		flags := wire.LevelFlags(level)
		p.failure(p.send(kindGet, flags, get("away refused")), fault.ResourceExhausted)
		p.failure(p.send(kindGet, flags, get("away")), fault.NotFound)
	}
	s.shards.fail(fault.New(fault.Unavailable, "planted"))
	for _, kind := range []grid.Kind{kindGet, kindPart, kindSum} {
		p.failure(p.send(kind, 0, get("away")), fault.Unavailable)
	}
	s.shards.fail(nil)
	s.shards.hold()
	var ids []uint32
	for range grid.RequestsMax {
		ids = append(ids, p.send(kindGet, 0, get("away")))
	}
	p.failure(p.send(kindGet, 0, get("away")), fault.ResourceExhausted)
	s.shards.release()
	for _, id := range ids {
		p.failure(id, fault.NotFound)
	}
	p.works()
}

// A connection that ends while its reads are away takes nobody with it.
func TestAskedByOneWhoIsGone(t *testing.T) {
	s := serve(t, nil)
	p, q := s.login(), s.login()
	s.shards.hold()
	for _, kind := range []grid.Kind{kindGet, kindPart, kindSum} {
		p.send(kind, 0, get("away"))
	}
	s.until("all are asked", func() bool { return s.shards.waiting() == 3 })
	p.Close()
	s.shards.release()
	q.works()
}
