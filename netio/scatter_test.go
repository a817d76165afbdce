package netio

import (
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// get2 is the beginning of a command of two fields.
func get2(key string) []byte { return pack.AppendString(pack.AppendArray(nil, 2), key) }

// A command that belongs to another slot is written there, and answered once, under
// the same request id; what was found out is handed on.
func TestSentOn(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	for seq, want := range []int64{0, 7} {
		body := put(uint64(seq)+1, 1, "far away", 7)
		if n := p.number(p.send(kindPut, 0, body)); n != want {
			t.Errorf("put %d: %d before it", seq+1, n)
		}
	}
	s.shards.mu.Lock()
	defer s.shards.mu.Unlock()
	want := string(pack.AppendInt(get2("far away+"), 7))
	if l := s.shards.learned; len(l) != 2 || l[0] != want || s.shards.values["far away+"] != 7 {
		t.Errorf("learned %q, %v", l, s.shards.values)
	}
	client := grid.ClientID(p.welcome.User, aHello2().Nonce)
	for i, id := range s.shards.sentOn {
		mark := grid.MarkOf(put(uint64(i)+1, 1, "far away", 7)[3:])
		if id != (grid.RequestID{Client: client, Seq: uint64(i) + 1, Low: 1, Mark: mark}) {
			t.Errorf("sent on under %+v", id)
		}
	}
}

func aHello2() *wire.Hello { h := aHello(); return &h }

// A read of what lies at several slots is gathered, at all levels.
func TestGathered(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	p.failure(p.send(kindSum, 0, get("sum")), fault.NotFound)
	p.number(p.send(kindPut, 0, put(1, 1, "sum", 30)))
	p.number(p.send(kindPut, 0, put(2, 1, "sum+", 12)))
	for _, level := range []grid.Level{grid.Leader, grid.Linearizable, grid.Stale} {
		if n, _ := p.aged(p.send(kindSum, wire.LevelFlags(level), get("sum")), level); n != 42 {
			t.Errorf("level %d: %d", level, n)
		}
	}
}
