package meta

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/shard"
)

// exchange is a command and what becomes of it.
type exchange struct {
	command Command
	number  uint32 // the reply's
	refusal string // a part of what it is refused with
	still   bool   // it changes nothing
}

// TestCommands: what each command answers, one after the other.
func TestCommands(t *testing.T) {
	wide := profile(4, "b")
	wide.LevelMax = 2
	older := profile(5, "b")
	older.LevelMin, older.LevelMax = 2, 3
	other := found(3)
	other.Cluster = grid.ID{8}
	wiped := profile(2, "b")
	wiped.Identity = Identity{99}
	start := func(n, inc, nonce uint64) *Start {
		return &Start{Number: uint32(n), Incarnation: inc, Nonce: nonce, Profile: profile(int(n), "b")}
	}
	conf := func(term, index uint64, voters ...uint32) *Report {
		return &Report{Shard: 1, Configuration: Configuration{Term: term, Index: index, Voters: voters}}
	}
	keys := func(k byte, version uint64) *SetKeys {
		return &SetKeys{Tokens: [][]byte{{k}, {1}}, Server: []byte{3}, Version: version}
	}
	l := newLog()
	for i, c := range []exchange{
		{&Join{profile(2, "b")}, 0, "no cluster yet", true},
		{found(3), 1, "", false},
		{found(3), 1, "", true},
		{other, 0, "was founded here already", true},
		{&Join{profile(2, "b")}, 2, "", false},
		{&Join{profile(2, "b")}, 2, "", true},
		{&Join{older}, 0, "works at 2 to 3", true},
		{&Place{Shard: 1, Replicas: []uint32{2}, Version: 2}, 0, "node 2 is not live", true},
		{start(3, 1, 5), 0, "knows no node 3", true},
		{start(2, 4, 5), 2, "", false},
		{start(2, 4, 5), 2, "", true},
		{start(2, 4, 6), 0, "two run on copies", true},
		{start(2, 3, 5), 0, "old copy", true},
		{&Start{Number: 2, Incarnation: 5, Nonce: 1, Profile: profile(3, "b")}, 0, "is another one", true},
		{&Join{wiped}, 0, "node 2 is live and reached at", true},
		{&DeclareDead{Number: 2, Incarnation: 3}, 0, "was started again", true},
		{&Forget{Number: 2}, 0, "only a dead node", true},
		{&Place{Shard: 1, Replicas: []uint32{2}, Version: 3}, 0, "", false},
		{&Place{Shard: 1, Replicas: []uint32{2}, Version: 3}, 0, "", true},
		{&Place{Shard: 1, Replicas: []uint32{1}, Version: 3}, 0, "changed at version 4", true},
		{&Place{Shard: 3, Replicas: []uint32{1}, Version: 9}, 0, "there are 3", true},
		{&Place{Shard: 1, Replicas: []uint32{2, 1}, Version: 9}, 0, "by rising number", true},
		{&Leave{Number: 2, Incarnation: 4}, 2, "", false},
		{&Leave{Number: 2, Incarnation: 4}, 2, "", true},
		{start(2, 4, 5), 0, "was declared left", true},
		{start(2, 5, 1), 2, "", false},
		{&DeclareDead{Number: 2, Incarnation: 5}, 2, "", false},
		{&DeclareDead{Number: 2, Incarnation: 5}, 2, "", true},
		{&Leave{Number: 2, Incarnation: 5}, 2, "", true},
		{start(2, 5, 1), 0, "was declared dead", true},
		{&Forget{Number: 2}, 0, "shard 1 still counts node 2", true},
		{&Place{Shard: 1, Replicas: []uint32{1}, Version: 8}, 0, "", false},
		{&Forget{Number: 2}, 2, "", false},
		{&Forget{Number: 2}, 2, "", true},
		{&Forget{Number: 7}, 0, "knows no node 7", true},
		{start(2, 6, 1), 0, "may have been forgotten", true},
		{&Join{wiped}, 3, "", false},
		{conf(2, 5, 1), 0, "", false},
		{conf(2, 5, 2), 0, "", true},
		{conf(1, 9, 2), 0, "", true},
		{conf(2, 6, 2), 0, "", false},
		{&SetLevel{Level: 2}, 0, "works at feature levels 1 to 1", true},
		{&SetLevel{Level: 1}, 0, "", true},
		{&SetLevel{Level: 0}, 0, "never goes back", true},
		{keys(7, 12), 0, "", false},
		{keys(7, 12), 0, "", true},
		{keys(8, 12), 0, "changed at version 13", true},
		{&SetReplicas{Replicas: 5, Version: 13}, 0, "", false},
		{&SetReplicas{Replicas: 3, Version: 13}, 0, "changed at version 14", true},
		{&SetReplicas{Replicas: ReplicasMax + 1, Version: 20}, 0, "use 1 to 9", true},
	} {
		c.check(t, l, i)
	}
}

func (c *exchange) check(t *testing.T, l *log, at int) {
	before := l.Topology()
	r, err := l.do(c.command)
	if c.refusal == "" && (err != nil || r.Number != c.number || r.Version != l.Topology().Version) ||
		c.refusal != "" && (err == nil || !strings.Contains(err.Error(), c.refusal)) {
		t.Errorf("%d: %T was answered with %+v, %v; want %d, %q", at, c.command, r, err, c.number, c.refusal)
	}
	if still := l.Topology() == before; still != c.still {
		t.Errorf("%d: %T: nothing changed: %v, want %v", at, c.command, still, c.still)
	}
}

func TestLevelRisesWhenAllCan(t *testing.T) {
	l := newLog()
	f := found(1)
	f.Founder.LevelMax = 2
	for _, c := range []Command{f, &Join{profile(2, "b")}} {
		if _, err := l.do(c); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.do(&SetLevel{Level: 2}); fault.CodeOf(err) != fault.FailedPrecondition {
		t.Fatalf("the level rose above what node 2 can: %v", err)
	}
	_, _ = l.do(&DeclareDead{Number: 2})
	if _, err := l.do(&SetLevel{Level: 2}); err != nil || l.Topology().Level != 2 {
		t.Fatalf("the level did not rise: %v", err)
	}
}

func TestFloors(t *testing.T) {
	l := newLog()
	start := func(n uint32, inc uint64) Command {
		return &Start{Number: n, Incarnation: inc, Nonce: 1, Profile: profile(int(n), "b")}
	}
	for _, c := range []Command{found(1), &Join{profile(2, "b")}, &Join{profile(3, "b")}, &Join{profile(4, "b")},
		start(2, 6), start(3, 7), start(4, 8), &Leave{Number: 3, Incarnation: 7},
		&DeclareDead{Number: 2, Incarnation: 6}, &Forget{Number: 2}, &Join{profile(5, "b")}} {
		if _, err := l.do(c); err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
	}
	want := grid.Floors{grid.OriginOf(1, 1), grid.OriginOf(2, 7), grid.OriginOf(3, 8), grid.OriginOf(4, 8)}
	if got := l.Topology().Floors(); !slices.Equal(got, want) {
		t.Errorf("floors %x, want %x", got, want)
	}
}

// TestEqualLogsGiveEqualDigests: also when one machine was restored somewhere between, and
// who is told of topologies sees each version once.
func TestEqualLogsGiveEqualDigests(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		told := uint64(0)
		whole := &log{Machine: NewMachine(func(top *Topology) {
			if top.Version != told+1 {
				t.Fatalf("told of version %d after %d", top.Version, told)
			}
			told = top.Version
		})}
		pieces := newLog()
		for range rapid.IntRange(0, 30).Draw(t, "commands") {
			n := rapid.IntRange(1, 4).Draw(t, "node")
			inc := rapid.Uint64Range(1, 3).Draw(t, "incarnation")
			c := rapid.SampledFrom([]Command{found(2), &Join{profile(n, "z")}, &Forget{Number: uint32(n)},
				&Start{Number: uint32(n), Incarnation: inc, Nonce: inc, Profile: profile(n, "z")},
				&DeclareDead{Number: uint32(n), Incarnation: inc}, &Leave{Number: uint32(n), Incarnation: inc},
				&Place{Shard: 1, Replicas: []uint32{uint32(n)}, Version: inc * 5}, keysOf(n)}).Draw(t, "command")
			a, errA := whole.do(c)
			b, errB := pieces.do(c)
			if a != b || (errA == nil) != (errB == nil) {
				t.Fatalf("%+v was answered with %+v, %v and %+v, %v", c, a, errA, b, errB)
			}
			if rapid.IntRange(0, 4).Draw(t, "restore") == 0 {
				var file bytes.Buffer
				wrote, err := pieces.Freeze()(&file)
				fresh := &log{Machine: NewMachine(nil), at: pieces.at}
				read, errRead := fresh.Decode(&file)
				if err != nil || errRead != nil || wrote != read || fresh.Applied() != pieces.Applied() {
					t.Fatalf("restored %d of %d bytes (%v, %v)", read, wrote, err, errRead)
				}
				pieces = fresh
			}
		}
		if whole.Digest() != pieces.Digest() || told != whole.Topology().Version {
			t.Fatalf("the digests differ")
		}
		whole.changed = nil
		if whole.Reset(); whole.Digest() != NewMachine(nil).Digest() || whole.Applied() != 0 {
			t.Fatalf("something is left after a reset")
		}
	})
}

func keysOf(n int) Command {
	return &SetKeys{Tokens: [][]byte{{byte(n)}}, Server: []byte{1}, Version: 1 << 40}
}

// TestGoldenBytes: what is in logs, and on the way between nodes of two versions.
func TestGoldenBytes(t *testing.T) {
	const profile1 = "97c41000000000000000000000000000000001ad31302e302e302e313a37343032" +
		"ad31302e302e302e313a37343030ad31302e302e302e313a37343031a1610101"
	const profile2 = "97c41000000000000000000000000000000002ad31302e302e302e323a37343032" +
		"ad31302e302e302e323a37343030ad31302e302e302e323a37343031a1620101"
	table := shard.NewTable(2).Append(nil)
	check := func(what any, b []byte, want string) {
		got := strings.Replace(hex.EncodeToString(b), hex.EncodeToString(table), " table ", 1)
		if got != want {
			t.Errorf("%T is %q, not %q any more", what, got, want)
		}
	}
	for i, want := range []string{
		"99c410090000000000000000000000000000000107" + profile1 + "0103 table 91c4020102c40103",
		"91" + profile2, "94020304" + profile2, "920203", "920203", "9102", "9301930102cd012c05",
		"92cd04009402cd038491019102", "9102", "9392c40101c40102c4010304", "920506",
	} {
		c := all()[i]
		check(c, c.Append(nil), want)
	}
	l := newLog()
	for _, c := range all() {
		_, _ = l.do(c)
	}
	got := l.Topology().Append(nil)
	check(l.Topology(), got[4:], "990108c410090000000000000000000000000000000105080201029392c40101c40102c4010307"+
		"9402cd03849101910291cf0000020000000004 table 9601010702"+"01"+profile1+"939101019400009090939101019400009090")
}
