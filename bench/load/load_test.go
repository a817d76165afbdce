package load

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRESPSize(t *testing.T) {
	whole := []string{":1\r\n", "+OK\r\n", "$3\r\nabc\r\n", "$-1\r\n", "*-1\r\n", "*0\r\n",
		"*2\r\n$1\r\na\r\n:5\r\n", "*2\r\n*1\r\n:1\r\n$2\r\n\r\n\r\n"}
	for _, s := range whole {
		if n, err := respSize([]byte(s + ":9\r\n")); n != len(s) || err != nil {
			t.Errorf("%q: %d, %v", s, n, err)
		}
		for i := range len(s) {
			if n, err := respSize([]byte(s[:i])); n != 0 || err != nil {
				t.Errorf("%q cut to %d: %d, %v", s, i, n, err)
			}
		}
	}
	for _, s := range []string{"-ERR no\r\n", "hello\r\n", "$x\r\n", "\r\n", ":1\n", "$99999999999\r\n"} {
		if n, err := respSize([]byte(s)); err == nil {
			t.Errorf("%q: size %d and no error", s, n)
		}
	}
}

func FuzzRESPSize(f *testing.F) {
	f.Add([]byte("*2\r\n$1\r\na\r\n:5\r\n"))
	f.Add([]byte("$-1\r\n-ERR\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, err := respSize(b); n < 0 || n > len(b) || n > 0 && err != nil {
			t.Fatalf("%d of %d, %v", n, len(b), err)
		}
	})
}

func TestRedisDialectSendsWhatRedisTakes(t *testing.T) {
	r := Redis([]string{"b0", "b1"}, 0)(2)
	b := r.Append(nil, 0, 0, Op{Kind: Submit, Board: 1, Member: 42, Score: 7})
	b = r.Append(b, 1, 0, Op{Kind: Around, Member: 1})
	if _, err := r.Next([]byte(":0\r\n")); err != nil {
		t.Fatal(err)
	}
	if rep, err := r.Next([]byte(":3\r\n")); err != nil || !rep.More || rep.Slot != 1 {
		t.Fatalf("%+v, %v", rep, err)
	}
	b = r.Again(b, 1)
	want := "*4|$4|ZADD|$2|b1|$1|7|$16|memb000000000042|*3|$8|ZREVRANK|$2|b0|$16|memb000000000001|" +
		"*5|$9|ZREVRANGE|$2|b0|$1|0|$1|8|$10|WITHSCORES|"
	if got := strings.ReplaceAll(string(b), "\r\n", "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A wrong answer must never pass for a right one.
func TestRedisAnswersAreChecked(t *testing.T) {
	for _, c := range []struct {
		kind    Kind
		replies string
		ok      bool
	}{
		{Submit, ":0\r\n", true}, {Submit, ":2\r\n", false}, {Submit, "-ERR\r\n", false}, {Submit, "+OK\r\n", false},
		{Rank, ":9\r\n", true}, {Rank, ":10\r\n", false}, {Rank, "$-1\r\n", false},
		{Around, ":0\r\n*2\r\n$16\r\nmemb000000000003\r\n$1\r\n5\r\n", false}, // six members belong there
		{Around, ":9\r\n*12\r\n" + strings.Repeat("$16\r\nmemb000000000003\r\n$1\r\n5\r\n", 6), true},
		{Around, ":9\r\n*12\r\n" + strings.Repeat("$16\r\nmemb000000000004\r\n$1\r\n5\r\n", 6), false},
	} {
		d := Redis([]string{"b0"}, 10)(1)
		d.Append(nil, 0, 0, Op{Kind: c.kind, Member: 3})
		b := []byte(c.replies)
		var err error
		for len(b) > 0 && err == nil {
			var r Reply
			if r, err = d.Next(b); err == nil {
				b = b[r.Size:]
				if r.More {
					d.Again(nil, r.Slot)
				}
			}
		}
		if (err == nil) != c.ok {
			t.Errorf("%d %q: %v", c.kind, c.replies, err)
		}
	}
	if _, err := Redis(nil, 0)(1).Next([]byte(":1\r\n")); err == nil {
		t.Error("a reply that nobody asked for was taken")
	}
}

// page encodes a reply of records that have consecutive ranks.
func page(total, rank int, members ...int) []byte {
	b := pack.AppendUint(pack.AppendArray(nil, 2), uint64(total))
	b = pack.AppendArray(b, len(members))
	for i, m := range members {
		b = pack.AppendBytes(pack.AppendArray(b, 5), AppendOwner(nil, m))
		b = pack.AppendInt(pack.AppendInt(pack.AppendInt(b, 5), 0), 1)
		b = pack.AppendUint(b, uint64(rank+i))
	}
	return b
}

func submitted(score int64) []byte {
	return pack.AppendBool(pack.AppendInt(pack.AppendInt(pack.AppendArray(nil, 3), score), 0), true)
}

func TestThrongAnswersAreChecked(t *testing.T) {
	e := fault.New(fault.NotFound, "no board")
	for _, c := range []struct {
		name  string
		op    Kind
		kind  grid.Kind
		flags wire.Flags
		body  []byte
		ok    bool
	}{
		{"submit", Submit, leaderboard.KindSubmit, wire.Reply, submitted(7), true},
		{"other score", Submit, leaderboard.KindSubmit, wire.Reply, submitted(8), false},
		{"other kind", Submit, leaderboard.KindRemove, wire.Reply, submitted(7), false},
		{"error", Submit, leaderboard.KindSubmit, wire.Reply | wire.Error, e.Append(nil), false},
		{"garbage", Submit, leaderboard.KindSubmit, wire.Reply, []byte{0xc1}, false},
		{"rank", Rank, leaderboard.KindOwners, wire.Reply, page(20, 20, 3), true},
		{"rank beyond", Rank, leaderboard.KindOwners, wire.Reply, page(20, 21, 3), false},
		{"rank of another", Rank, leaderboard.KindOwners, wire.Reply, page(20, 20, 4), false},
		{"no record", Rank, leaderboard.KindOwners, wire.Reply, page(20, 20), false},
		{"other size", Rank, leaderboard.KindOwners, wire.Reply, page(19, 1, 3), false},
		{"around", Around, leaderboard.KindAround, wire.Reply, page(20, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), true},
		{"around short", Around, leaderboard.KindAround, wire.Reply, page(20, 1, 1, 2, 3), false},
		{"read as submit", Rank, leaderboard.KindSubmit, wire.Reply, submitted(7), false},
	} {
		d := Throng("", []string{"b0"}, 20)(1)
		d.Append(nil, 0, 0, Op{Kind: c.op, Member: 3, Score: 7})
		b := wire.End(append(wire.Begin(nil, c.kind, c.flags, 1), c.body...), 0)
		if r, err := d.Next(b[:len(b)-1]); err != nil || r.Size != 0 {
			t.Errorf("%s, cut: %+v, %v", c.name, r, err)
		}
		if _, err := d.Next(b); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestThrongRequestsKeepTheWindow(t *testing.T) {
	d := Throng("", []string{"b0"}, 0)(4)
	b := d.Append(nil, 9, 7, Op{Kind: Submit, Member: 3, Score: 7})
	f, size, err := wire.Next(b, wire.FrameBytesMax)
	c := pack.NewCursor(f.Body)
	n, seq, low := c.Array(), c.Uint(), c.Uint()
	if err != nil || size != len(b) || f.ID != 10 || n != 6 || seq != 10 || low != 8 {
		t.Errorf("frame %d, %d fields, seq %d, low %d, %v", f.ID, n, seq, low, err)
	}
	if board, owner := c.String(), c.Bytes(); string(board) != "b0" || string(owner) != "memb000000000003" {
		t.Errorf("board %q, owner %q", board, owner)
	}
	if score, sub := c.Int(), c.Int(); score != 7 || sub != 0 || c.Done() != nil {
		t.Errorf("score %d, subscore %d, %v", score, sub, c.Done())
	}
}

// redisFake answers every ZADD with :1 until it has answered limit of them.
func redisFake(t *testing.T, limit int) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				for n := 0; ; n++ {
					for range 9 { // lines of a ZADD
						if _, err := r.ReadString('\n'); err != nil {
							return
						}
					}
					if n == limit {
						io.WriteString(conn, "-ERR enough\r\n")
						return
					}
					io.WriteString(conn, ":1\r\n")
				}
			}()
		}
	}()
	return l.Addr().String()
}

func TestFillSendsEveryMemberOnce(t *testing.T) {
	seen := map[string]int{}
	for conn := range 3 {
		s := Fill(2, 5, 3)(conn, rand.New(rand.NewPCG(1, 2)))
		for op, ok := s(); ok; op, ok = s() {
			seen[fmt.Sprint(op.Board, op.Member)]++
		}
	}
	if len(seen) != 10 {
		t.Errorf("%v", seen)
	}
	for _, sliding := range []bool{false, true} {
		g, err := Start(t.Context(), Plan{
			Addr: redisFake(t, -1), Conns: 3, Depth: 4, Sliding: sliding,
			Dialect: Redis([]string{"b0", "b1"}, 0), Source: Fill(2, 1000, 3),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if s := g.Interval(); s.Ops != 2000 || s.Latency.TotalCount() != 2000 || s.PerSecond() <= 0 {
			t.Errorf("sliding %v: %d operations, %d latencies", sliding, s.Ops, s.Latency.TotalCount())
		}
	}
}

func TestOpenLoopKeepsTheRate(t *testing.T) {
	const n = 400
	left := n
	g, err := Start(t.Context(), Plan{
		Addr: redisFake(t, -1), Conns: 1, Depth: 8, Rate: 2000, Dialect: Redis([]string{"b0"}, 0),
		Source: func(int, *rand.Rand) Source {
			return func() (Op, bool) { left--; return Op{Member: left}, left >= 0 }
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	// 400 at 2,000 a second are due over 200 ms, give or take 10 of its deviations of 10 ms.
	if s, took := g.Interval(), time.Since(begin); s.Ops != n || took < 100*time.Millisecond {
		t.Errorf("%d operations in %v", s.Ops, took)
	}
}

func TestWrongAnswerEndsTheLoad(t *testing.T) {
	g, err := Start(t.Context(), Plan{
		Addr: redisFake(t, 100), Conns: 2, Depth: 4, Dialect: Redis([]string{"b0"}, 0), Source: Random(Submit, 1, 10),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Wait(); err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("%v", err)
	}
}

func TestStopAndBadPlans(t *testing.T) {
	addr := redisFake(t, -1)
	g, err := Start(t.Context(), Plan{
		Addr: addr, Conns: 2, Depth: 4, Dialect: Redis([]string{"b0"}, 0), Source: Random(Submit, 1, 10),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Stop(); err != nil {
		t.Error(err)
	}
	for _, p := range []Plan{{}, {Conns: 1}, {Conns: 1, Depth: DepthMax + 1}, {Conns: 1, Depth: 1, Rate: -1}} {
		if _, err := Start(t.Context(), p); err == nil {
			t.Errorf("%+v was started", p)
		}
	}
	var refused *net.OpError
	_, err = Start(t.Context(), Plan{Addr: "127.0.0.1:1", Conns: 1, Depth: 1, Dialect: Redis(nil, 0),
		Source: Random(Rank, 1, 1)})
	if !errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
}

// In an open loop so slow that no request is due for hours, Stop does not wait for
// the next one.
func TestStopOfASlowOpenLoop(t *testing.T) {
	g, err := Start(t.Context(), Plan{
		Addr: redisFake(t, -1), Conns: 8, Depth: 4, Rate: RateMin, Dialect: Redis([]string{"b0"}, 0),
		Source: Random(Submit, 1, 10),
	})
	if err != nil {
		t.Fatal(err)
	}
	for answered := int64(0); answered < 8; { // the first requests are due at once
		s := g.Interval()
		answered += s.Ops
	}
	if err := g.Stop(); err != nil {
		t.Error(err)
	}
}

func TestOwnersAndBoards(t *testing.T) {
	if s := string(AppendOwner(nil, 1234)); s != "memb000000001234" {
		t.Error(s)
	}
	for n := range 9 {
		for i, b := range Boards(n) {
			if part := int(grid.SlotOf(b)) * n / grid.Slots; part != i {
				t.Errorf("board %d of %d lies in part %d", i, n, part)
			}
		}
	}
}

func BenchmarkThrongSubmit(b *testing.B) {
	d := Throng("", []string{"b0"}, 0)(64)
	out := make([]byte, 0, 256)
	reply := wire.End(append(wire.Begin(nil, leaderboard.KindSubmit, wire.Reply, 1), submitted(7)...), 0)
	b.ReportAllocs()
	for b.Loop() {
		out = d.Append(out[:0], 0, 0, Op{Kind: Submit, Member: 123456, Score: 7})
		if _, err := d.Next(reply); err != nil {
			b.Fatal(err)
		}
	}
}
