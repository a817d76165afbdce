package client

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
)

func connect(t testing.TB, addr string, credential Credential) *Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	c, err := Dial(ctx, addr, Options{Credential: credential})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// must fails the test on an error.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func makeBoard(t testing.TB, c *Client, o leaderboard.Operator) {
	t.Helper()
	_, err := c.CreateBoard(within(t), leaderboard.CreateRequest{Board: "b", Operator: o})
	if err != nil {
		t.Fatal(err)
	}
}

func owner(i int) grid.ID { return grid.UserID("custom", fmt.Sprintf("owner-%06d", i)) }

// Every call, its arguments and its answer, against the real state machine.
func TestBoards(t *testing.T) {
	n := startNode(t, "127.0.0.1:0")
	studio := connect(t, n.addr, ServerKey(testKey))
	player := connect(t, n.addr, Custom("player-0001"))
	ctx := within(t)
	if player.User() != grid.UserID("custom", "player-0001") {
		t.Errorf("user %v", player.User())
	}

	create := leaderboard.CreateRequest{Board: "b", Sort: leaderboard.Descending, Operator: leaderboard.Set}
	if r := must[leaderboard.CreateReply](t)(studio.CreateBoard(ctx, create)); !r.Created {
		t.Error("not created")
	}
	if r := must[leaderboard.CreateReply](t)(studio.CreateBoard(ctx, create)); r.Created {
		t.Error("created twice")
	}
	_, err := player.CreateBoard(ctx, create)
	if fault.CodeOf(err) != fault.PermissionDenied {
		t.Errorf("a player creates: %v", err)
	}

	for i := range 10 {
		r := leaderboard.SubmitRequest{Board: "b", Owner: owner(i), Score: int64(10 * i), Subscore: int64(-i)}
		got := must[leaderboard.SubmitReply](t)(studio.Submit(ctx, r))
		if got != (leaderboard.SubmitReply{Score: r.Score, Subscore: r.Subscore, Changed: true}) {
			t.Errorf("submit %d: %+v", i, got)
		}
	}
	must[leaderboard.SubmitReply](t)(player.Submit(ctx, leaderboard.SubmitRequest{Board: "b", Score: 45}))

	for _, level := range []grid.Level{grid.Leader, grid.Linearizable, grid.Stale} {
		info := must[leaderboard.InfoReply](t)(player.BoardInfo(ctx, leaderboard.InfoRequest{Board: "b"}, Level(level)))
		if info.Operator != leaderboard.Set || info.Records != 11 {
			t.Errorf("info at level %d: %+v", level, info)
		}
	}
	checkAges(t, ctx, player)
	page := must[leaderboard.PageReply](t)(player.Page(ctx, leaderboard.PageRequest{Board: "b", Rank: 1, Limit: 2}))
	if page.Total != 11 || len(page.Records) != 2 || page.Records[0].Owner != owner(9) || page.Records[1].Rank != 2 {
		t.Errorf("page: %+v", page)
	}
	page = must[leaderboard.PageReply](t)(player.Around(ctx, leaderboard.AroundRequest{Board: "b", Limit: 3}))
	if len(page.Records) != 3 || page.Records[1].Owner != player.User() || page.Records[1].Rank != 6 {
		t.Errorf("around: %+v", page)
	}
	page = must[leaderboard.PageReply](t)(player.Owners(ctx, leaderboard.OwnersRequest{
		Board: "b", Owners: []grid.ID{owner(3), owner(99)},
	}))
	if len(page.Records) != 1 || page.Records[0].Score != 30 {
		t.Errorf("owners: %+v", page)
	}
	if r := must[leaderboard.RemoveReply](t)(player.Remove(ctx, leaderboard.RemoveRequest{Board: "b"})); !r.Removed {
		t.Error("not removed")
	}
	_, err = player.Around(ctx, leaderboard.AroundRequest{Board: "b", Limit: 3})
	if fault.CodeOf(err) != fault.NotFound {
		t.Errorf("around nobody: %v", err)
	}
	gone := must[leaderboard.DeleteReply](t)(studio.DeleteBoard(ctx, leaderboard.DeleteRequest{Board: "b"}))
	if !gone.Deleted || gone.Records != 10 {
		t.Errorf("delete: %+v", gone)
	}
}

// A season has a schedule, a text, records that only the studio writes, and pages
// that follow each other.
func TestSeason(t *testing.T) {
	n := startNode(t, "127.0.0.1:0")
	studio := connect(t, n.addr, ServerKey(testKey))
	player := connect(t, n.addr, Custom("player-0001"))
	ctx := within(t)
	create := leaderboard.CreateRequest{
		Board: "season", Authoritative: true, Schedule: "0 0 1 JAN *", Keep: 24 * time.Hour,
		Metadata: `{"theme":"ice"}`,
	}
	must[leaderboard.CreateReply](t)(studio.CreateBoard(ctx, create))
	info := must[leaderboard.InfoReply](t)(player.BoardInfo(ctx, leaderboard.InfoRequest{Board: "season"}))
	if !info.Authoritative || info.Schedule != create.Schedule || info.Keep != create.Keep ||
		info.Metadata != create.Metadata || info.Stripes != 1 || info.End == 0 {
		t.Errorf("%+v", info)
	}
	_, err := player.Submit(ctx, leaderboard.SubmitRequest{Board: "season", Score: 1})
	check(t, err, fault.PermissionDenied, false)
	create.Schedule = "0 0 30 2 *"
	_, err = studio.CreateBoard(ctx, create)
	check(t, err, fault.InvalidArgument, false)

	const records = 25
	b := studio.Batch()
	for i := range records {
		b.Submit(leaderboard.SubmitRequest{
			Board: "season", Owner: owner(i), Score: int64(-i), Metadata: fmt.Sprint("run ", i),
		})
	}
	if err := b.Do(ctx); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for r := (leaderboard.PageRequest{Board: "season", Rank: 1, Limit: 10}); ; {
		page := must[leaderboard.PageReply](t)(player.Page(ctx, r))
		for _, rec := range page.Records {
			if rec.Owner != owner(seen) || rec.Metadata != fmt.Sprint("run ", seen) || rec.Rank != seen+1 {
				t.Errorf("record %d: %+v", seen, rec)
			}
			seen++
		}
		if r.Cursor = page.Next; r.Cursor == nil {
			break
		}
	}
	if seen != records {
		t.Errorf("%d records in all pages", seen)
	}
	old := leaderboard.PageRequest{Board: "season", Rank: 1, Limit: 10, Period: 1}
	if page := must[leaderboard.PageReply](t)(player.Page(ctx, old)); page.Total != 0 {
		t.Errorf("a period that there never was: %+v", page)
	}
}

// What the state machine refuses comes back as the error it is, and harms
// nothing else.
func TestBoardErrors(t *testing.T) {
	n := startNode(t, "127.0.0.1:0")
	c := connect(t, n.addr, ServerKey(testKey))
	player := connect(t, n.addr, Custom("player-0001"))
	ctx := within(t)
	makeBoard(t, c, leaderboard.Incr)
	submit := func(c *Client, r leaderboard.SubmitRequest) error {
		_, err := c.Submit(ctx, r)
		return err
	}
	check(t, submit(c, leaderboard.SubmitRequest{Board: "nothing", Owner: owner(1)}), fault.NotFound, false)
	check(t, submit(c, leaderboard.SubmitRequest{Board: "", Owner: owner(1)}), fault.InvalidArgument, false)
	check(t, submit(player, leaderboard.SubmitRequest{Board: "b", Owner: owner(1)}), fault.PermissionDenied, false)
	most := leaderboard.SubmitRequest{Board: "b", Owner: owner(1), Score: math.MaxInt64}
	if err := submit(c, most); err != nil {
		t.Error(err)
	}
	check(t, submit(c, most), fault.OutOfRange, false)
	_, err := c.Page(ctx, leaderboard.PageRequest{Board: "b", Rank: 1, Limit: leaderboard.PageRecordsMax + 1})
	check(t, err, fault.InvalidArgument, false)
	_, err = c.Page(ctx, leaderboard.PageRequest{Board: "nothing", Rank: 1, Limit: 1})
	check(t, err, fault.NotFound, false)
	_, err = c.CreateBoard(ctx, leaderboard.CreateRequest{Board: "b", Operator: leaderboard.Best})
	check(t, err, fault.AlreadyExists, false)
}

// Many goroutines share one client.
func TestConcurrentCalls(t *testing.T) {
	n := startNode(t, "127.0.0.1:0")
	c := connect(t, n.addr, ServerKey(testKey))
	ctx := within(t)
	makeBoard(t, c, leaderboard.Incr)
	const callers, calls = 100, 50
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for j := range calls {
				r, err := c.Submit(ctx, leaderboard.SubmitRequest{Board: "b", Owner: owner(i), Score: 1})
				if err != nil || r.Score != int64(j)+1 {
					t.Errorf("caller %d, call %d: %+v, %v", i, j, r, err)
					return
				}
				p, err := c.Around(ctx, leaderboard.AroundRequest{Board: "b", Owner: owner(i), Limit: 1})
				if err != nil || len(p.Records) != 1 || p.Records[0].Score != r.Score {
					t.Errorf("caller %d, read %d: %+v, %v", i, j, p, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestBatch(t *testing.T) {
	n := startNode(t, "127.0.0.1:0")
	c := connect(t, n.addr, ServerKey(testKey))
	ctx := within(t)
	makeBoard(t, c, leaderboard.Set)
	b := c.Batch()
	for round := range 3 {
		const size = 1000
		submits := make([]Result[leaderboard.SubmitReply], size)
		for i := range submits {
			submits[i] = b.Submit(leaderboard.SubmitRequest{
				Board: "b", Owner: owner(i), Score: int64(1 + round*size + i),
			})
		}
		if _, err := submits[0].Get(); fault.CodeOf(err) != fault.FailedPrecondition {
			t.Errorf("a result before Do: %v", err)
		}
		if err := b.Do(ctx); err != nil {
			t.Fatal(err)
		}
		owners := b.Owners(leaderboard.OwnersRequest{Board: "b", Owners: []grid.ID{owner(5)}})
		around := b.Around(leaderboard.AroundRequest{Board: "b", Owner: owner(5), Limit: 1}, Level(grid.Linearizable))
		page := b.Page(leaderboard.PageRequest{Board: "b", Rank: size - 5, Limit: 1})
		gone := b.Page(leaderboard.PageRequest{Board: "nothing", Rank: 1, Limit: 1})
		removed := b.Remove(leaderboard.RemoveRequest{Board: "b", Owner: owner(size)})
		if err := b.Do(ctx); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("the batch's first error: %v", err)
		}
		for i, r := range submits {
			if got, err := r.Get(); err != nil || got.Score != int64(1+round*size+i) {
				t.Fatalf("submit %d: %+v, %v", i, got, err)
			}
		}
		want := must[leaderboard.PageReply](t)(owners.Get())
		if want.Records[0].Score != int64(1+round*size+5) {
			t.Errorf("round %d: %+v", round, want)
		}
		for _, r := range []Result[leaderboard.PageReply]{around, page} {
			got := must[leaderboard.PageReply](t)(r.Get())
			if got.Next == nil || got.Previous == nil || got.Total != want.Total ||
				!slices.Equal(got.Records, want.Records) {
				t.Errorf("got %+v, want %+v and cursors", got, want)
			}
		}
		if _, err := gone.Get(); fault.CodeOf(err) != fault.NotFound {
			t.Errorf("a page of nothing: %v", err)
		}
		if r := must[leaderboard.RemoveReply](t)(removed.Get()); r.Removed {
			t.Error("nobody was removed")
		}
		b.Reset()
		if b.Len() != 0 || b.Do(ctx) != nil {
			t.Error("an empty batch does something")
		}
	}
}

// checkAges reads at level stale, and looks at the age that comes with the answer.
func checkAges(t *testing.T, ctx context.Context, player *Client) {
	t.Helper()
	for name, get := range map[string]func(age *time.Duration) error{
		"by itself": func(age *time.Duration) error {
			_, err := player.BoardInfo(ctx, leaderboard.InfoRequest{Board: "b"}, Stale(age))
			return err
		},
		"of a batch": func(age *time.Duration) error {
			b := player.Batch()
			r := b.Page(leaderboard.PageRequest{Board: "b", Rank: 1, Limit: 2}, Stale(age))
			if err := b.Do(ctx); err != nil {
				return err
			}
			_, err := r.Get()
			return err
		},
	} {
		var age time.Duration
		if err := get(&age); err != nil || age != 42*time.Millisecond {
			t.Errorf("a stale read %s: %v old, %v", name, age, err)
		}
	}
}
