package chat

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
)

// TestChannelsAgainstModel runs random requests on channels and on plain lists,
// with an archiver that may stop at any point and begin again, pages that are
// completed later, clones and restores in between, and compares every reply, and
// all state at the end.
func TestChannelsAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := world{channels: New(), lists: naive{}, shelf: newShelf(), stamp: 1_000_000}
		w.mode = rapid.SampledFrom([]string{"always", "never", "mixed"}).Draw(t, "archive")
		w.burst = rapid.SampledFrom([]int{1, 5, 120}).Draw(t, "burst")
		w.length = rapid.SampledFrom([]int{1, 60, 300, ContentBytesMax}).Draw(t, "length")
		w.keeps = rapid.SampledFrom([][]int{{0}, {KeepBytesMin}, {0, KeepBytesMin, 100_000, KeepBytesMax}}).
			Draw(t, "keeps")
		if rapid.Bool().Draw(t, "old") {
			w.age(t)
		}
		for range rapid.SampledFrom([]int{4, 30, 80}).Draw(t, "steps") {
			w.step(t)
		}
		w.compare(t)
	})
}

// age fills the tails, and an archive.
func (w *world) age(t *rapid.T) {
	for range 3 {
		for _, key := range rooms {
			for range 100 {
				w.sendOne(t, key, w.archive(t), caller(1), w.length)
			}
		}
		w.archiveAll(t)
	}
}

type world struct {
	channels *Channels
	lists    naive
	shelf    *shelf
	stamp    int64
	mode     string // whether there is an archive
	burst    int
	length   int
	keeps    []int // what tails are told to keep
	batches  []batch
	pages    []page
	clones   []clone
}

// batch is what an archiver has taken, and perhaps stored.
type batch struct {
	rows   []Row
	done   []ArchivedRequest
	stored bool
}

// page is one that is not completed yet: what it must be.
type page struct {
	read *read
	r    HistoryRequest
	last InfoReply
	seqs []uint64
	from map[uint64]int // the version of each that is the oldest it may be
}

// clone is one that was taken, and what it must stay like.
type clone struct {
	channels *Channels
	want     []byte
}

// archive returns the archive of the next command.
func (w *world) archive(t *rapid.T) Archive {
	if w.mode == "always" || w.mode == "mixed" && rapid.IntRange(0, 3).Draw(t, "with archive") > 0 {
		return w.shelf
	}
	return nil
}

var rooms = []string{roomKey("lobby"), roomKey("größe"), roomKey("z")}

func (w *world) step(t *rapid.T) {
	key := rapid.SampledFrom(rooms).Draw(t, "room")
	w.stamp += 10
	switch rapid.SampledFrom([]string{
		"clone", "recode", "archive all", "take", "take", "carry", "carry", "carry", "carry",
		"change", "change", "change", "change", "read", "read", "complete", "complete", "send", "send", "send", "send",
	}).Draw(t, "step") {
	case "clone":
		w.clones = append(w.clones, clone{w.channels.Clone(), w.lists.encode()})
	case "recode":
		w.channels = gridtest.Recode(t, Decode, w.channels)
	case "archive all":
		w.archiveAll(t)
	case "take":
		w.take(t)
	case "carry":
		w.carry(t)
	case "change":
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			w.change(t, key)
		}
	case "read":
		w.read(t, key)
	case "complete":
		w.complete(t)
	case "send":
		w.send(t, key)
	}
}

func who(t *rapid.T) grid.Caller {
	if i := rapid.IntRange(0, 3).Draw(t, "who"); i > 0 {
		return caller(i)
	}
	return server
}

func (w *world) send(t *rapid.T, key string) {
	a, from := w.archive(t), who(t)
	from.Limits = &grid.Limits{grid.TailBytesBound: rapid.SampledFrom(w.keeps).Draw(t, "keep")}
	length := rapid.IntRange(1, w.length).Draw(t, "bytes")
	for range rapid.IntRange(1, w.burst).Draw(t, "messages") {
		w.sendOne(t, key, a, from, length)
	}
}

func (w *world) sendOne(t *rapid.T, key string, a Archive, from grid.Caller, length int) {
	w.stamp++
	r := SendRequest{key, strings.Repeat("x", length)}
	got, err := do(w.channels, a, &from, KindSend, w.stamp, &r, DecodeSendReply)
	want, code := w.lists.send(&r, &from, a != nil, w.stamp)
	same(t, "send", got, want, err, code)
}

// seq draws the number of a message, or of none: near the ends, or just below the
// tail, or any.
func (w *world) seq(t *rapid.T, key string) uint64 {
	x := w.lists[key]
	if x == nil {
		return 1
	}
	near := uint64(rapid.IntRange(0, 3).Draw(t, "near"))
	switch rapid.SampledFrom([]string{"first", "below", "below", "last", "any"}).Draw(t, "at") {
	case "first":
		return x.first + near
	case "below":
		return max(x.first, 1+near) - 1 - near
	case "last":
		return x.last() + 1 - min(near, x.last())
	}
	return rapid.Uint64Range(0, x.last()+1).Draw(t, "seq")
}

func (w *world) change(t *rapid.T, key string) {
	a, by, seq := w.archive(t), who(t), w.seq(t, key)
	if rapid.Bool().Draw(t, "remove") {
		r := RemoveRequest{key, seq}
		got, err := do(w.channels, a, &by, KindRemove, w.stamp, &r, DecodeChangeReply)
		want, code := w.lists.change(key, seq, "", &by, a != nil)
		same(t, "remove", got, want, err, code)
		return
	}
	length := rapid.IntRange(1, ContentBytesMax).Draw(t, "bytes")
	r := UpdateRequest{key, seq, strings.Repeat("y", length)}
	got, err := do(w.channels, a, &by, KindUpdate, w.stamp, &r, DecodeChangeReply)
	want, code := w.lists.change(key, seq, r.Content, &by, a != nil)
	same(t, "update", got, want, err, code)
}

// take lets an archiver look for work.
func (w *world) take(t *rapid.T) {
	rows, done := w.channels.Backlog(rapid.SampledFrom([]int{1, 10_000, 1 << 22, 1 << 22}).Draw(t, "backlog"))
	open := false
	for _, x := range w.lists {
		open = open || x.stored.open() || x.changed.open()
	}
	if w.channels.Pending() != open || open != (len(done) > 0) {
		t.Fatalf("pending %v, %d to acknowledge, want %v", w.channels.Pending(), len(done), open)
	}
	w.batches = append(w.batches, batch{rows: rows, done: done})
}

// carry lets an archiver go one step further: it stores, once more perhaps, or
// acknowledges what was stored, or is forgotten.
func (w *world) carry(t *rapid.T) {
	if len(w.batches) == 0 {
		return
	}
	i := rapid.IntRange(0, len(w.batches)-1).Draw(t, "batch")
	b := &w.batches[i]
	switch {
	case !b.stored || rapid.IntRange(0, 4).Draw(t, "again") == 4:
		if err := w.shelf.Store(b.rows); err != nil {
			t.Fatal(err)
		}
		b.stored = true
	default:
		if err := acknowledge(w.channels, b.done); err != nil {
			t.Fatal(err)
		}
		for _, r := range b.done {
			w.lists[r.Key].archived(&r)
		}
		w.batches = slices.Delete(w.batches, i, i+1)
	}
}

// archiveAll lets an archiver work until there is nothing to do.
func (w *world) archiveAll(t *rapid.T) {
	for _, x := range w.lists {
		for x.stored.open() || x.changed.open() {
			w.batches = nil
			w.take(t)
			w.carry(t)
			w.carry(t)
		}
	}
}

// read begins to read a page. Where every message is archived it may be completed
// at any time: what there was then is what it must have, as it was or newer.
func (w *world) read(t *rapid.T, key string) {
	a := w.archive(t)
	p := page{r: HistoryRequest{Key: key, From: w.seq(t, key)}, from: map[uint64]int{}}
	p.r.Limit = rapid.IntRange(1, HistoryMessagesMax).Draw(t, "limit")
	p.r.Backward = rapid.Bool().Draw(t, "backward")
	if rapid.IntRange(0, 3).Draw(t, "the end") == 0 {
		p.r.From = 0
	}
	if x := w.lists[key]; x != nil {
		s, _ := a.(*shelf)
		p.last, p.seqs = InfoReply{x.lowest(a != nil), x.last()}, x.page(&p.r, s)
		for _, seq := range p.seqs {
			if seq >= x.first || w.mode == "always" { // else the last change may have been given up
				p.from[seq] = len(x.all[seq-1]) - 1
			}
		}
	}
	info, err := ask(w.channels, a, KindInfo, &InfoRequest{key}, DecodeInfoReply)
	same(t, "info", info, p.last, err, fault.OK)
	p.read = begin(w.channels, a, KindHistory, &p.r)
	w.pages = append(w.pages, p)
	if w.mode == "mixed" {
		w.complete(t) // rows that were given up may yet be stored
	}
}

func (w *world) complete(t *rapid.T) {
	if len(w.pages) == 0 {
		return
	}
	p := w.pages[0]
	w.pages = w.pages[1:]
	got, err := end(p.read, DecodeHistoryReply)
	same(t, "history", InfoReply{got.First, got.Last}, p.last, err, fault.OK)
	sum := 0
	seqs := p.seqs
	if missing := len(seqs) - len(got.Messages); missing > 0 && p.r.Backward {
		seqs = seqs[missing:]
	}
	for i, m := range got.Messages {
		sum += size(m)
		if i >= len(seqs) || m.Seq != seqs[i] {
			t.Fatalf("%+v gave message %d as number %d: want %v", p.r, m.Seq, i, p.seqs)
		}
		if !slices.Contains(w.lists[p.r.Key].all[m.Seq-1][p.from[m.Seq]:], m) {
			t.Fatalf("%+v gave %.200v, which it was not then or later", p.r, fmt.Sprint(m))
		}
	}
	const longest = headBytesMax + ContentBytesMax
	if len(got.Messages) < len(p.seqs) && (sum+longest <= HistoryBytesMax || len(got.Messages) == 0) {
		t.Fatalf("%+v gave %d messages of %d bytes, want %v", p.r, len(got.Messages), sum, p.seqs)
	}
	if sum > HistoryBytesMax && len(got.Messages) > 1 {
		t.Fatalf("%+v gave %d bytes", p.r, sum)
	}
}

// compare checks the state, its encoding, and every clone's; and once all is
// archived, that the archive has all that there ever was.
func (w *world) compare(t *rapid.T) {
	want := w.lists.encode()
	if w.channels.Len() != len(w.lists) || !bytes.Equal(gridtest.Encode(w.channels), want) {
		t.Fatal("the encoding is not the model's")
	}
	again := gridtest.Recode(t, Decode, w.channels)
	if !bytes.Equal(gridtest.Encode(again), want) || again.Pending() != w.channels.Pending() {
		t.Fatal("decoding and encoding again gives other bytes")
	}
	for i, c := range w.clones {
		if !bytes.Equal(gridtest.Encode(c.channels), c.want) {
			t.Fatalf("clone %d of %d has changed", i, len(w.clones))
		}
	}
	for len(w.pages) > 0 {
		w.complete(t)
	}
	archiveAll(t, w.channels, w.shelf, 50_000)
	if w.mode != "always" {
		return
	}
	for key, x := range w.lists {
		for seq := range x.all {
			m, err := parse(w.shelf.rows[key][uint64(seq+1)])
			if now := x.now(uint64(seq + 1)); err != nil || m != now {
				t.Fatalf("message %d is archived as %.200v, want %.200v: %v", seq+1, m, now, err)
			}
		}
	}
}

// same fails if a reply or the code of an error is not what it must be.
func same[R comparable](t rapid.TB, what string, got, want R, err error, code fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Fatalf("%s: %v, want %v", what, err, code)
	}
	if code == fault.OK && got != want {
		t.Fatalf("%s:\ngot  %+v\nwant %+v", what, got, want)
	}
}
