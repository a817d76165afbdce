package leaderboard

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
)

// TestBoardsAgainstModel runs random requests on boards and on the model, over
// all settings, with resets, clones and restores in between, and compares every
// reply, and all state at the end.
func TestBoardsAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := world{boards: New(), model: model{}, stamp: 1_700_000_000_000_000}
		w.host = w.boards
		w.people = rapid.SampledFrom([]int{4, 60, 1500}).Draw(t, "people")
		w.scores = rapid.SampledFrom([]int64{2, 50, math.MaxInt64}).Draw(t, "scores")
		steps := rapid.IntRange(1, 6*w.people).Draw(t, "steps")
		for range steps {
			w.step(t)
		}
		w.compare(t)
	})
}

type world struct {
	host   host
	boards *Boards // nil: the host is more than these
	model  model
	stamp  int64
	people int
	scores int64
	clones []clone
	marks  []mark
}

// clone is one that was taken, and what it must stay like.
type clone struct {
	boards *Boards
	want   []byte
}

// mark is a cursor that came with a page, and where it stands.
type mark struct {
	board  string
	cursor []byte
	back   bool
	period int64
	at     Record
}

func (w *world) step(t *rapid.T) {
	name := rapid.SampledFrom([]string{"a", "weekly/eu", "größe", "z"}).Draw(t, "board")
	owner := person(rapid.IntRange(0, w.people-1).Draw(t, "owner"))
	w.stamp += 1 + int64(len(name))
	switch dice := rapid.IntRange(0, 99).Draw(t, "dice"); {
	case dice < 3:
		w.create(t, name)
	case dice < 4:
		w.delete(t, name)
	case dice < 7:
		w.stamp += rapid.Int64Range(0, 100*60).Draw(t, "seconds") * second
	case dice < 10:
		w.tick(t)
	case dice < 13:
		w.clones = append(w.clones, clone{w.boards.Clone(), w.model.encode()})
	case dice < 15:
		w.boards = gridtest.Recode(t, Decode, w.boards)
		w.host = w.boards
	case dice < 22:
		w.remove(t, name, owner)
	case dice < 32:
		w.query(t, name, owner)
	default:
		w.submit(t, name, owner)
	}
}

var (
	schedules = []string{"", "", "* * * * *", "*/20 * * * *", "@hourly", "0 0 * * MON"}
	keeps     = []time.Duration{0, time.Minute, 2 * time.Hour, KeepMax}
	texts     = []string{"", "", "", "{}", `{"map":"dünen"}`, strings.Repeat("x", 200)}
)

func (w *world) create(t *rapid.T, name string) {
	r := CreateRequest{
		Board:         name,
		Sort:          Sort(rapid.IntRange(0, 1).Draw(t, "sort")),
		Operator:      Operator(rapid.IntRange(0, 3).Draw(t, "operator")),
		Authoritative: rapid.IntRange(0, 3).Draw(t, "authoritative") == 0,
		Schedule:      rapid.SampledFrom(schedules).Draw(t, "schedule"),
		Metadata:      rapid.SampledFrom(texts).Draw(t, "metadata"),
	}
	if r.Schedule != "" {
		r.Keep = rapid.SampledFrom(keeps).Draw(t, "keep")
	}
	if w.boards == nil {
		r.Stripes = rapid.SampledFrom([]int{0, 2, 3, 8, StripesMax}).Draw(t, "stripes")
	}
	got, err := do(w.host, &server, KindCreate, w.stamp, &r, DecodeCreateReply)
	x := w.model[name]
	switch {
	case x == nil:
		same(t, "create", got, CreateReply{Created: true}, err, fault.OK)
		w.model[name] = newModelBoard(r, w.stamp)
	case x.CreateRequest == r:
		same(t, "create again", got, CreateReply{}, err, fault.OK)
	default:
		same(t, "create otherwise", got, CreateReply{}, err, fault.AlreadyExists)
	}
}

func (w *world) delete(t *rapid.T, name string) {
	r := DeleteRequest{Board: name}
	got, err := do(w.host, &server, KindDelete, w.stamp, &r, DecodeDeleteReply)
	want := DeleteReply{}
	if x := w.model[name]; x != nil {
		want = DeleteReply{Deleted: true, Records: len(x.now.records)}
		for _, p := range x.past {
			want.Records += len(p.records)
		}
	}
	if w.boards == nil {
		want.Records = got.Records // of one stripe, not looked at
	}
	same(t, "delete", got, want, err, fault.OK)
	delete(w.model, name)
}

func (w *world) tick(t *rapid.T) {
	due := w.boards.Due()
	if want := w.model.due(); due != want {
		t.Fatalf("due at %d, want %d", due, want)
	}
	for w.boards.Due() <= w.stamp {
		w.boards.Tick(&grid.Turn{Stamp: w.stamp})
	}
	w.model.tick(w.stamp)
}

// caller returns who may write for an owner, or not on an authoritative board.
func (w *world) caller(t *rapid.T, name string, owner grid.ID) (*grid.Caller, fault.Code) {
	c := grid.Caller{User: owner, Server: rapid.Bool().Draw(t, "server")}
	switch x := w.model[name]; {
	case x == nil:
		return &c, fault.NotFound
	case x.Authoritative && !c.Server:
		return &c, fault.PermissionDenied
	}
	return &c, fault.OK
}

func (w *world) submit(t *rapid.T, name string, owner grid.ID) {
	score := rapid.Int64Range(-w.scores, w.scores)
	r := SubmitRequest{Board: name, Owner: owner}
	r.Score, r.Subscore = score.Draw(t, "score"), score.Draw(t, "subscore")
	r.Metadata = rapid.SampledFrom(texts).Draw(t, "metadata")
	c, code := w.caller(t, name, owner)
	got, err := do(w.host, c, KindSubmit, w.stamp, &r, DecodeSubmitReply)
	want := SubmitReply{}
	if code == fault.OK {
		want, code = w.model[name].submit(&r, w.stamp)
	}
	same(t, fmt.Sprintf("submit %+v", r), got, want, err, code)
}

func (w *world) remove(t *rapid.T, name string, owner grid.ID) {
	r := RemoveRequest{Board: name, Owner: owner}
	c, code := w.caller(t, name, owner)
	got, err := do(w.host, c, KindRemove, w.stamp, &r, DecodeRemoveReply)
	want := RemoveReply{}
	if code == fault.OK {
		want.Removed = w.model[name].remove(owner, w.stamp)
	}
	same(t, "remove", got, want, err, code)
}

func (w *world) query(t *rapid.T, name string, owner grid.ID) {
	x := w.model[name]
	info, err := ask(w.host, &player, KindInfo, &InfoRequest{Board: name}, DecodeInfoReply)
	if x == nil {
		same(t, "info", info, InfoReply{}, err, fault.NotFound)
		return
	}
	same(t, "info", info, x.info(), err, fault.OK)

	end := rapid.SampledFrom(x.ends()).Draw(t, "period")
	records := x.period(end)
	total := len(records)
	limit := rapid.IntRange(1, 40).Draw(t, "limit")
	rank := rapid.IntRange(1, total+3).Draw(t, "rank")
	first := PageRequest{Board: name, Rank: rank, Limit: limit, Period: end}
	got, err := ask(w.host, &player, KindPage, &first, DecodePageReply)
	w.same(t, "page", name, end, got, page(records, rank-1, limit), err, fault.OK)

	near := AroundRequest{name, owner, limit, end}
	around, err := ask(w.host, &player, KindAround, &near, DecodePageReply)
	if i := find(records, owner); i >= 0 {
		from := max(0, min(i-limit/2, total-limit))
		w.same(t, "around", name, end, around, page(records, from, limit), err, fault.OK)
	} else {
		same(t, "around", around, PageReply{}, err, fault.NotFound)
	}

	asked := []grid.ID{owner, person(0), person(w.people), person(w.people / 2)}
	want := PageReply{Total: total, Records: []Record{}}
	for _, id := range asked {
		if i := find(records, id); i >= 0 {
			want.Records = append(want.Records, page(records, i, 1).Records...)
		}
	}
	owners, err := ask(w.host, &player, KindOwners, &OwnersRequest{name, asked, end}, DecodePageReply)
	same(t, "owners", owners, want, err, fault.OK)
	if len(w.marks) > 0 {
		w.goOn(t, rapid.SampledFrom(w.marks).Draw(t, "mark"), limit)
	}
}

// same compares a page that comes with cursors, and keeps these.
func (w *world) same(t *rapid.T, what, name string, end int64,
	got, want PageReply, err error, code fault.Code) {
	t.Helper()
	next, previous := got.Next, got.Previous
	got.Next, got.Previous = nil, nil
	same(t, what, got, want, err, code)
	n := len(want.Records)
	if (next != nil) != (n > 0 && want.Records[n-1].Rank < want.Total) ||
		(previous != nil) != (n > 0 && want.Records[0].Rank > 1) {
		t.Fatalf("%s: cursors %x and %x for %+v", what, next, previous, want)
	}
	if end == 0 {
		end = w.model[name].now.end
	}
	if next != nil {
		w.marks = append(w.marks, mark{name, next, false, end, want.Records[n-1]})
	}
	if previous != nil {
		w.marks = append(w.marks, mark{name, previous, true, end, want.Records[0]})
	}
}

// goOn reads a page from where a cursor stands, whatever was done since.
func (w *world) goOn(t *rapid.T, m mark, limit int) {
	x := w.model[m.board]
	if x == nil {
		return
	}
	records := x.period(m.period)
	from, found := slices.BinarySearchFunc(records, m.at, x.before)
	if m.back {
		limit, from = min(limit, from), max(0, from-limit)
	} else if found {
		from++
	}
	r := PageRequest{Board: m.board, Rank: 1, Limit: max(1, limit), Cursor: m.cursor}
	if limit == 0 {
		from = len(records) // nothing is before the cursor
	}
	got, err := ask(w.host, &player, KindPage, &r, DecodePageReply)
	w.same(t, "cursor", m.board, m.period, got, page(records, from, limit), err, fault.OK)
}

// compare checks the state, its encoding, and every clone's.
func (w *world) compare(t *rapid.T) {
	total := 0
	for _, x := range w.model {
		total += len(x.now.records)
		for _, p := range x.past {
			total += len(p.records)
		}
	}
	if boards, records := w.boards.Len(); boards != len(w.model) || records != total {
		t.Fatalf("%d boards with %d records, want %d with %d", boards, records, len(w.model), total)
	}
	want := w.model.encode()
	if !bytes.Equal(gridtest.Encode(w.boards), want) {
		t.Fatal("the encoding is not the model's")
	}
	again := gridtest.Recode(t, Decode, w.boards)
	if !bytes.Equal(gridtest.Encode(again), want) || again.Due() != w.boards.Due() {
		t.Fatal("decoding and encoding again gives other bytes, or something else is due")
	}
	for i, c := range w.clones {
		if !bytes.Equal(gridtest.Encode(c.boards), c.want) {
			t.Fatalf("clone %d of %d has changed", i, len(w.clones))
		}
	}
}

// same fails if a reply or the code of an error is not what it must be.
func same[R any](t rapid.TB, what string, got, want R, err error, code fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Fatalf("%s: %v, want %v", what, err, code)
	}
	if code == fault.OK && !reflect.DeepEqual(got, want) {
		t.Fatalf("%s:\ngot  %+v\nwant %+v", what, got, want)
	}
}
