package meta

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/shard"
)

// log feeds a machine commands, one to an entry.
type log struct {
	*Machine
	at int64
}

func newLog() *log { return &log{Machine: NewMachine(nil)} }

// outcomes keeps what an entry's commands answered.
type outcomes struct{ all [][]byte }

func (o *outcomes) Buffer() []byte { return nil }
func (o *outcomes) Done(b []byte)  { o.all = append(o.all, b) }

func (l *log) do(c Command) (Reply, error) { return l.raw(c.Kind(), c.Append(nil)) }

func (l *log) raw(kind grid.Kind, body []byte) (r Reply, err error) {
	l.at++
	e := shard.Entry{Level: shard.Level, At: l.at, Origin: 1, Number: uint64(l.at), Count: 1}
	b := (&slot.Command{Kind: kind, Body: body}).Append(e.AppendHead(nil))
	if err := e.Decode(b); err != nil {
		panic(err)
	}
	var o outcomes
	if err := l.Apply(uint64(l.at), &e, &o, nil); err != nil {
		return r, fmt.Errorf("the machine stopped: %w", err)
	}
	if status := o.all[0][0]; status != byte(fault.OK) {
		in := pack.NewCursor(o.all[0][1:])
		refusal, err := fault.Decode(&in)
		if err != nil {
			return r, err
		}
		return r, refusal
	}
	return r, r.Decode(o.all[0][1:])
}

func profile(n int, zone string) Profile {
	return Profile{Identity: Identity{15: byte(n), 14: byte(n >> 8)}, Peer: fmt.Sprintf("10.0.0.%d:7402", n),
		Client: fmt.Sprintf("10.0.0.%d:7400", n), HTTP: fmt.Sprintf("10.0.0.%d:7401", n), Zone: zone,
		LevelMin: 1, LevelMax: 1}
}

func found(shards int) *Found {
	return &Found{Cluster: grid.ID{9}, Incarnation: 1, Nonce: 7, Founder: profile(1, "a"), Level: 1,
		Replicas: ReplicasDefault, Table: shard.NewTable(shards), Tokens: [][]byte{{1, 2}}, Server: []byte{3}}
}

// all has one command of each kind.
func all() []Command {
	return []Command{
		found(2),
		&Join{profile(2, "b")},
		&Start{Number: 2, Incarnation: 3, Nonce: 4, Profile: profile(2, "b")},
		&DeclareDead{Number: 2, Incarnation: 3},
		&Leave{Number: 2, Incarnation: 3},
		&Forget{Number: 2},
		&Place{Shard: 1, Replicas: []uint32{1, 2, 300}, Version: 5},
		&Report{Shard: MetaGroup,
			Configuration: Configuration{Term: 2, Index: 900, Voters: []uint32{1}, Learners: []uint32{2}}},
		&SetLevel{Level: 2},
		&SetKeys{Tokens: [][]byte{{1}, {2}}, Server: []byte{3}, Version: 4},
		&SetReplicas{Replicas: 5, Version: 6},
	}
}

func TestCommandsSurviveTheirCodec(t *testing.T) {
	for _, c := range all() {
		body := c.Append(nil)
		got, err := Decode(c.Kind(), body)
		if err != nil || !bytes.Equal(got.Append(nil), body) {
			t.Errorf("%T: decoded as %+v (%v)", c, got, err)
		}
	}
}

func FuzzCommand(f *testing.F) {
	for _, c := range all() {
		f.Add(uint16(c.Kind()), c.Append(nil))
	}
	f.Fuzz(func(t *testing.T, kind uint16, body []byte) {
		c, err := Decode(grid.Kind(kind), body)
		if err == nil {
			again, err := Decode(c.Kind(), c.Append(nil))
			if err != nil || !bytes.Equal(again.Append(nil), c.Append(nil)) {
				t.Fatalf("%+v was decoded, and cannot be again (%v)", c, err)
			}
		}
		l := newLog()
		_, _ = l.do(found(2))
		_, _ = l.do(&Join{profile(2, "b")})
		if in := pack.NewCursor(body); in.Raw() != nil && in.Done() == nil { // as an entry holds it
			_, _ = l.raw(grid.Kind(kind), body)
		}
		if _, err := DecodeTopology(l.Topology().Append(nil)); err != nil {
			t.Fatalf("the topology after %+v cannot be read: %v", c, err)
		}
	})
}

func FuzzTopology(f *testing.F) {
	l := newLog()
	f.Add(l.Topology().Append(nil))
	for _, c := range all() {
		_, _ = l.do(c)
	}
	f.Add(l.Topology().Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		top, err := DecodeTopology(b)
		if err != nil {
			return
		}
		again, err := DecodeTopology(top.Append(nil))
		if err != nil || !bytes.Equal(again.Append(nil), top.Append(nil)) {
			t.Fatalf("%+v was decoded, and cannot be again (%v)", top, err)
		}
		w := World{Now: 1 << 50, Began: 1 << 50, DeadAfter: deadAfter, Leaders: map[int]uint32{0: 1}}
		Plan(top, w)
		Leaders(top, w)
		Voters(top)
	})
}

func FuzzSnapshot(f *testing.F) {
	l := newLog()
	for _, c := range all() {
		_, _ = l.do(c)
	}
	var b bytes.Buffer
	if _, err := l.Freeze()(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		m := newLog()
		before := m.Topology()
		if _, err := m.Decode(bytes.NewReader(b)); err != nil {
			if m.Topology() != before || m.Applied() != 0 {
				t.Fatal("a snapshot that cannot be read has changed the machine")
			}
			return
		}
		_, _ = m.do(&Join{profile(9, "z")})
	})
}
