package leaderboard

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
)

// submit submits for one of many users at a stamp.
func submit(t testing.TB, b *Boards, stamp int64, name string, who int, score int64) SubmitReply {
	t.Helper()
	r := SubmitRequest{Board: name, Owner: person(who), Score: score}
	got, err := do(b, &server, KindSubmit, stamp, &r, DecodeSubmitReply)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func create(t testing.TB, b *Boards, name string, sort Sort, op Operator) {
	t.Helper()
	r := CreateRequest{Board: name, Sort: sort, Operator: op}
	if _, err := do(b, &server, KindCreate, 1, &r, DecodeCreateReply); err != nil {
		t.Fatal(err)
	}
}

// order returns who is on a board, in rank order.
func order(t testing.TB, b *Boards, name string, people int) (who []int) {
	t.Helper()
	page, err := ask(b, &player, KindPage, &PageRequest{Board: name, Rank: 1, Limit: PageRecordsMax}, DecodePageReply)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page.Records {
		for p := range people {
			if r.Owner == person(p) {
				who = append(who, p)
			}
		}
	}
	return who
}

func TestTiesGoToWhoGotThereFirst(t *testing.T) {
	for _, sort := range []Sort{Descending, Ascending} {
		b := New()
		create(t, b, "x", sort, Set)
		for i, p := range []int{2, 0, 1} {
			submit(t, b, int64(10+i), "x", p, 50)
		}
		if got := submit(t, b, 20, "x", 2, 50); got.Changed {
			t.Error("an equal score changed the record")
		}
		if got := order(t, b, "x", 3); !slices.Equal(got, []int{2, 0, 1}) {
			t.Errorf("%v: order %v", sort, got)
		}
		submit(t, b, 21, "x", 2, 60)
		submit(t, b, 22, "x", 2, 50)
		if got := order(t, b, "x", 3); !slices.Equal(got, []int{0, 1, 2}) {
			t.Errorf("%v: order %v after 2 left and came back", sort, got)
		}
	}
}

func TestOperators(t *testing.T) {
	for _, c := range []struct {
		sort   Sort
		op     Operator
		scores []int64
		want   []int64
	}{
		{Descending, Best, []int64{5, 3, 5, 9, -2}, []int64{5, 5, 5, 9, 9}},
		{Ascending, Best, []int64{5, 3, 5, 9, -2}, []int64{5, 3, 3, 3, -2}},
		{Descending, Set, []int64{5, 3, 9}, []int64{5, 3, 9}},
		{Descending, Incr, []int64{5, 3, 0, -9}, []int64{5, 8, 8, -1}},
		{Ascending, Incr, []int64{5, 3, 0, -9}, []int64{5, 8, 8, -1}},
		{Descending, Decr, []int64{5, 3, -9}, []int64{-5, -8, 1}},
		{Ascending, Decr, []int64{5, 3, -9}, []int64{-5, -8, 1}},
	} {
		b := New()
		create(t, b, "x", c.sort, c.op)
		last := int64(math.MinInt64)
		for i, score := range c.scores {
			got := submit(t, b, int64(10+i), "x", 1, score)
			if want := (SubmitReply{c.want[i], 0, c.want[i] != last}); got != want {
				t.Errorf("%v %v: submit %d of %v gave %+v, want %+v", c.sort, c.op, i, c.scores, got, want)
			}
			last = got.Score
		}
	}
}

func TestSumsOutOfRangeAreRefused(t *testing.T) {
	for _, sort := range []Sort{Descending, Ascending} {
		b := New()
		create(t, b, "up", sort, Incr)
		create(t, b, "down", sort, Decr)
		for i, c := range []struct {
			board       string
			first, next int64
			want        fault.Code
		}{
			{"up", math.MaxInt64, 1, fault.OutOfRange},
			{"up", math.MaxInt64, -1, fault.OK},
			{"up", -math.MaxInt64, -1, fault.OutOfRange}, // math.MinInt64 itself
			{"up", -math.MaxInt64, -2, fault.OutOfRange},
			{"down", math.MaxInt64, 1, fault.OutOfRange},
			{"down", -math.MaxInt64, -1, fault.OutOfRange},
			{"down", math.MaxInt64, -math.MaxInt64, fault.OK},
			{"up", 0, math.MinInt64, fault.OutOfRange},
		} {
			submit(t, b, int64(100+2*i), c.board, i, c.first)
			r := SubmitRequest{Board: c.board, Owner: person(i), Score: c.next}
			_, err := do(b, &server, KindSubmit, int64(101+2*i), &r, DecodeSubmitReply)
			if fault.CodeOf(err) != c.want {
				t.Errorf("%v %s: %d then %d: %v, want %v", sort, c.board, c.first, c.next, err, c.want)
			}
		}
	}
}

func TestUnknownBoardsSaySo(t *testing.T) {
	b := New()
	for kind, r := range requests() {
		_, body, err := prepare(&server, kind, r)
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.Apply(&grid.Turn{Stamp: 1}, kind, body, nil)
		if fault.CodeOf(err) == fault.Unimplemented {
			_, err = b.Query(kind, body, nil)
		}
		switch kind {
		case KindCreate, KindDelete:
			if err != nil {
				t.Errorf("%#x: %v", kind, err)
			}
		default:
			if fault.CodeOf(err) != fault.NotFound || !strings.Contains(err.Error(), "create it first") {
				t.Errorf("%#x: %v", kind, err)
			}
		}
	}
}

func TestBoardsPerSlotAreLimited(t *testing.T) {
	b := New()
	for i := range BoardsPerSlotMax {
		create(t, b, fmt.Sprint("board ", i), Descending, Best)
	}
	before := digest(b)
	more := CreateRequest{Board: "one more"}
	_, err := do(b, &server, KindCreate, 1, &more, DecodeCreateReply)
	if fault.CodeOf(err) != fault.ResourceExhausted || digest(b) != before {
		t.Fatalf("one board more: %v", err)
	}
	create(t, b, "board 7", Descending, Best) // it is there: no new one
	if n, _ := gridtest.Recode(t, Decode, b).Len(); n != BoardsPerSlotMax {
		t.Fatalf("%d boards restored", n)
	}
}

func TestEqualStatesHaveEqualBytesWhateverTheirHistory(t *testing.T) {
	final := func(b *Boards) *Boards {
		for p := range 2000 {
			submit(t, b, int64(1_000_000+p), "x", p, int64(p*p%700)+10_000)
		}
		return b
	}
	plain := New()
	create(t, plain, "x", Descending, Set)

	winding := New()
	create(t, winding, "x", Ascending, Incr)
	create(t, winding, "y", Ascending, Incr)
	for _, name := range []string{"x", "y"} {
		r := DeleteRequest{name}
		if _, err := do(winding, &server, KindDelete, 1, &r, DecodeDeleteReply); err != nil {
			t.Fatal(err)
		}
	}
	create(t, winding, "x", Descending, Set)
	for i := range 9000 {
		who := (i * 7919) % 3000
		submit(t, winding, int64(10+i), "x", who, int64(i%97))
		if i%1000 == 0 {
			winding.Clone()
		}
		if i == 4000 {
			winding = gridtest.Recode(t, Decode, winding)
		}
	}
	for p := range 3000 {
		r := RemoveRequest{"x", person(p)}
		if _, err := do(winding, &server, KindRemove, 1, &r, DecodeRemoveReply); err != nil {
			t.Fatal(err)
		}
	}
	a, c := gridtest.Encode(final(plain)), gridtest.Encode(final(winding))
	if !bytes.Equal(a, c) {
		t.Fatalf("%d and %d bytes for equal states", len(a), len(c))
	}
}

// TestCloneStaysWhileTheOriginalGoesOn encodes clones on other goroutines while
// commands and queries run; -race sees what they share.
func TestCloneStaysWhileTheOriginalGoesOn(t *testing.T) {
	b := New()
	create(t, b, "x", Descending, Set)
	y := CreateRequest{Board: "y", Sort: Ascending, Schedule: "* * * * *", Keep: 3 * time.Minute}
	if _, err := do(b, &server, KindCreate, 1, &y, DecodeCreateReply); err != nil {
		t.Fatal(err)
	}
	chance := rand.New(rand.NewPCG(3, 4))
	var encoders sync.WaitGroup
	for round := range 8 {
		for i := range 1500 {
			stamp := int64(round*45*second + i + 10)
			r := SubmitRequest{Board: []string{"x", "y"}[i%2], Owner: person(chance.IntN(1200)),
				Score: chance.Int64N(300), Metadata: texts[i%len(texts)]}
			if _, err := do(b, &server, KindSubmit, stamp, &r, DecodeSubmitReply); err != nil {
				t.Fatal(err)
			}
			if i%3 == 0 {
				r := RemoveRequest{"x", person(chance.IntN(1200))}
				if _, err := do(b, &server, KindRemove, stamp, &r, DecodeRemoveReply); err != nil {
					t.Fatal(err)
				}
			}
		}
		b.Tick(&grid.Turn{Stamp: int64(round) * 45 * second})
		want := gridtest.Encode(b)
		clone := b.Clone()
		encoders.Go(func() {
			for range 3 {
				if !bytes.Equal(gridtest.Encode(clone), want) {
					t.Error("the clone has changed")
				}
			}
		})
	}
	encoders.Wait()
}

func TestQueriesRunBesideEachOther(t *testing.T) {
	b, _ := sample(t)
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range 200 {
				r := AroundRequest{Board: "arena", Owner: person(2), Limit: 3}
				if _, err := ask(b, &player, KindAround, &r, DecodePageReply); err != nil {
					t.Error(err)
				}
			}
		})
	}
	readers.Wait()
}

func TestHotPathsDoNotAllocate(t *testing.T) {
	b := New()
	create(t, b, "a board with a name of usual length", Descending, Set)
	name := "a board with a name of usual length"
	for p := range 1000 {
		submit(t, b, int64(10+p), name, p, int64(p))
	}
	in := (&SubmitRequest{Board: name, Score: 5}).Append(nil)
	near := (&AroundRequest{Board: name, Limit: 10}).Append(nil)
	body, out := make([]byte, 0, 256), make([]byte, 0, 1024)
	stamp, edge := int64(5000), &routes{}
	for what, f := range map[string]func() error{
		"submit": func() error {
			stamp++
			in[len(in)-2] = byte(stamp % 100) // the score
			c := pack.NewCursor(in)
			_, body, err := edge.prepareSubmit(&player, &c, 4, body)
			if err == nil {
				_, err = b.Apply(&grid.Turn{Stamp: stamp}, KindSubmit, body, out)
			}
			return err
		},
		"around": func() error {
			c := pack.NewCursor(near)
			_, body, err := prepareAround(&player, &c, 3, body)
			if err == nil {
				_, err = b.Query(KindAround, body, out)
			}
			return err
		},
	} {
		n := testing.AllocsPerRun(500, func() {
			if err := f(); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
}

func TestCommandsOfOtherFeaturesAreUnimplemented(t *testing.T) {
	b, _ := sample(t)
	for _, kind := range []grid.Kind{0, KindInfo, 0x0201} {
		if _, err := b.Apply(&grid.Turn{Stamp: 1}, kind, []byte{0x90}, nil); fault.CodeOf(err) != fault.Unimplemented {
			t.Errorf("command %#x: %v", kind, err)
		}
	}
	if _, err := b.Query(KindSubmit, []byte{0x90}, nil); fault.CodeOf(err) != fault.Unimplemented {
		t.Errorf("query: %v", err)
	}
}

func TestBodiesMustNameTheOwner(t *testing.T) {
	b, stamp := sample(t)
	before := digest(b)
	for kind, r := range map[grid.Kind]request{
		KindSubmit: &SubmitRequest{Board: "arena", Score: 5},
		KindRemove: &RemoveRequest{Board: "arena"},
		KindAround: &AroundRequest{Board: "arena", Limit: 5},
	} {
		body := r.Append(pack.AppendArray(nil, r.Fields()))
		var err error
		if kind == KindAround {
			_, err = b.Query(kind, body, nil)
		} else {
			_, err = b.Apply(&grid.Turn{Stamp: stamp + 1}, kind, body, nil)
		}
		if fault.CodeOf(err) != fault.InvalidArgument || digest(b) != before {
			t.Errorf("%#x: %v", kind, err)
		}
	}
}
