package leaderboard

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
)

// TestBoardsAgainstModel runs random requests on boards and on the model, over
// all sorts and operators, with clones and restores in between, and compares
// every reply, and all state at the end.
func TestBoardsAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := world{boards: New(), model: model{}, stamp: 1_000_000}
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
	boards *Boards
	model  model
	stamp  int64
	people int
	scores int64
	clones []clone
}

// clone is one that was taken, and what it must stay like.
type clone struct {
	boards *Boards
	want   []byte
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
	case dice < 10:
		w.clones = append(w.clones, clone{w.boards.Clone(), w.model.encode()})
	case dice < 12:
		w.boards = recode(t, w.boards)
	case dice < 20:
		w.remove(t, name, owner)
	case dice < 30:
		w.query(t, name, owner)
	default:
		w.submit(t, name, owner)
	}
}

func (w *world) create(t *rapid.T, name string) {
	r := CreateRequest{
		Board:    name,
		Sort:     Sort(rapid.IntRange(0, 1).Draw(t, "sort")),
		Operator: Operator(rapid.IntRange(0, 3).Draw(t, "operator")),
	}
	got, err := do(w.boards, &server, KindCreate, w.stamp, &r, DecodeCreateReply)
	x := w.model[name]
	switch {
	case x == nil:
		same(t, "create", got, CreateReply{Created: true}, err, fault.OK)
		w.model[name] = &modelBoard{sort: r.Sort, operator: r.Operator}
	case x.sort == r.Sort && x.operator == r.Operator:
		same(t, "create again", got, CreateReply{}, err, fault.OK)
	default:
		same(t, "create otherwise", got, CreateReply{}, err, fault.AlreadyExists)
	}
}

func (w *world) delete(t *rapid.T, name string) {
	r := DeleteRequest{Board: name}
	got, err := do(w.boards, &server, KindDelete, w.stamp, &r, DecodeDeleteReply)
	want := DeleteReply{}
	if x := w.model[name]; x != nil {
		want = DeleteReply{Deleted: true, Records: len(x.records)}
	}
	same(t, "delete", got, want, err, fault.OK)
	delete(w.model, name)
}

func (w *world) submit(t *rapid.T, name string, owner grid.ID) {
	score := rapid.Int64Range(-w.scores, w.scores)
	r := SubmitRequest{Board: name, Owner: owner}
	r.Score, r.Subscore = score.Draw(t, "score"), score.Draw(t, "subscore")
	got, err := do(w.boards, &server, KindSubmit, w.stamp, &r, DecodeSubmitReply)
	want, code := SubmitReply{}, fault.NotFound
	if x := w.model[name]; x != nil {
		want, code = x.submit(&r, w.stamp)
	}
	same(t, fmt.Sprintf("submit %+v", r), got, want, err, code)
}

func (w *world) remove(t *rapid.T, name string, owner grid.ID) {
	r := RemoveRequest{Board: name, Owner: owner}
	got, err := do(w.boards, &server, KindRemove, w.stamp, &r, DecodeRemoveReply)
	x := w.model[name]
	if x == nil {
		same(t, "remove", got, RemoveReply{}, err, fault.NotFound)
		return
	}
	i := x.find(owner)
	same(t, "remove", got, RemoveReply{Removed: i >= 0}, err, fault.OK)
	if i >= 0 {
		x.records = append(x.records[:i:i], x.records[i+1:]...)
	}
}

func (w *world) query(t *rapid.T, name string, owner grid.ID) {
	x := w.model[name]
	info, err := ask(w.boards, &player, KindInfo, &InfoRequest{Board: name}, DecodeInfoReply)
	if x == nil {
		same(t, "info", info, InfoReply{}, err, fault.NotFound)
		return
	}
	total := len(x.records)
	same(t, "info", info, InfoReply{x.sort, x.operator, total}, err, fault.OK)

	limit := rapid.IntRange(1, 40).Draw(t, "limit")
	rank := rapid.IntRange(1, total+3).Draw(t, "rank")
	page, err := ask(w.boards, &player, KindPage, &PageRequest{name, rank, limit}, DecodePageReply)
	same(t, "page", page, x.page(rank-1, limit), err, fault.OK)

	near := AroundRequest{name, owner, limit}
	around, err := ask(w.boards, &player, KindAround, &near, DecodePageReply)
	if i := x.find(owner); i >= 0 {
		from := max(0, min(i-limit/2, total-limit))
		same(t, "around", around, x.page(from, limit), err, fault.OK)
	} else {
		same(t, "around", around, PageReply{}, err, fault.NotFound)
	}

	asked := []grid.ID{owner, person(0), person(w.people), person(w.people / 2)}
	want := PageReply{Total: total, Records: []Record{}}
	for _, id := range asked {
		if i := x.find(id); i >= 0 {
			want.Records = append(want.Records, x.page(i, 1).Records...)
		}
	}
	owners, err := ask(w.boards, &player, KindOwners, &OwnersRequest{name, asked}, DecodePageReply)
	same(t, "owners", owners, want, err, fault.OK)
}

// compare checks the state, its encoding, and every clone's.
func (w *world) compare(t *rapid.T) {
	total := 0
	for _, x := range w.model {
		total += len(x.records)
	}
	if boards, records := w.boards.Len(); boards != len(w.model) || records != total {
		t.Fatalf("%d boards with %d records, want %d with %d", boards, records, len(w.model), total)
	}
	want := w.model.encode()
	if !bytes.Equal(encode(w.boards), want) {
		t.Fatal("the encoding is not the model's")
	}
	if !bytes.Equal(encode(recode(t, w.boards)), want) {
		t.Fatal("decoding and encoding again gives other bytes")
	}
	for i, c := range w.clones {
		if !bytes.Equal(encode(c.boards), c.want) {
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
