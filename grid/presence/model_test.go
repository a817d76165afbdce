package presence

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/gridtest"
)

// TestStreamsAgainstModel runs random duties and queries on streams and on the
// model, with clones and restores in between, and compares every hint and reply,
// and all state at the end. A follower, for whom nobody acts on hints, must come
// to the same state.
func TestStreamsAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := world{live: New(), follower: New(), model: model{}}
		w.people = rapid.SampledFrom([]int{3, 40, 150}).Draw(t, "people")
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			w.step(t)
		}
		w.compare(t)
	})
}

type world struct {
	live, follower *Streams
	model          model
	people         int
	clones         []clone
}

// clone is one that was taken, and what it must stay like.
type clone struct {
	streams *Streams
	want    []byte
}

func (w *world) step(t *rapid.T) {
	key := rapid.SampledFrom([][]byte{room("hall"), room("größe"), status(1),
		grid.AppendKey(nil, grid.StreamCustom, "hall")}).Draw(t, "stream")
	who := rapid.IntRange(0, w.people-1).Draw(t, "who")
	// Crowds that come and go make trees of slices, and slices of trees.
	crowd := rapid.SampledFrom([]int{1, 2, w.people / 2, w.people}).Draw(t, "crowd")
	switch dice := rapid.IntRange(0, 9).Draw(t, "dice"); dice {
	case 0:
		w.clones = append(w.clones, clone{w.live.Clone(), w.model.encode()})
	case 1:
		w.live = gridtest.Recode(t, Decode, w.live)
	case 2, 3:
		w.query(t, key, who)
	case 4, 5, 6:
		for i := range crowd {
			r := LeaveRequest{key, session((who + i) % w.people)}
			w.apply(t, KindLeave, &r, w.model.leave(&r))
		}
	default:
		r := EnterRequest{Key: key, Origin: grid.OriginOf(
			rapid.SampledFrom([]uint32{1, 2, 3, 1 << 20}).Draw(t, "node"), uint64(dice))}
		text := rapid.SampledFrom([]string{"", "away", "größer", "-"}).Draw(t, "status")
		if r.HasStatus = text != "-"; r.HasStatus {
			r.Status = []byte(text)
		}
		for i := range crowd {
			i = (who + i) % w.people
			r.Session, r.User, r.Conn = session(i), person(i), uint64(i)
			w.apply(t, KindEnter, &r, w.model.enter(&r))
		}
	}
}

func (w *world) apply(t *rapid.T, kind grid.Kind, r request, want []string) {
	hints, sent, err := do(w.live, kind, r)
	if err != nil || sent != nil {
		t.Fatalf("%+v: %v, sent %v", r, err, sent)
	}
	if !slices.Equal(hints, want) {
		t.Fatalf("%+v:\ngot  %q\nwant %q", r, hints, want)
	}
	if _, err := w.follower.Apply(&grid.Turn{}, kind, bodyOf(r), nil); err != nil {
		t.Fatal(err)
	}
}

func (w *world) query(t *rapid.T, key []byte, who int) {
	r := ListRequest{Key: key, Limit: rapid.IntRange(1, PageMembersMax).Draw(t, "limit")}
	r.After = rapid.SampledFrom([]grid.SessionID{0, session(who), session(who) + 1, lastSession}).
		Draw(t, "after")
	got, err := ask(w.live, KindList, &r, DecodeListReply)
	if want := w.model.list(&r); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v: %v\ngot  %+v\nwant %+v", r, err, got, want)
	}
	count, err := ask(w.live, KindCount, &CountRequest{key}, DecodeCountReply)
	if err != nil || count.Count != got.Count {
		t.Fatalf("count %+v, %v, want %d", count, err, got.Count)
	}
	if got, want := w.live.Nodes(key, []uint32{}), w.model.nodes(key); !slices.Equal(got, want) {
		t.Fatalf("nodes %v, want %v", got, want)
	}
	_, want := w.model[string(key)][session(who)]
	if w.live.Present(key, session(who)) != want {
		t.Fatalf("present: %v", !want)
	}
}

// compare checks the state, its encoding, and every clone's.
func (w *world) compare(t *rapid.T) {
	total := 0
	for _, x := range w.model {
		total += len(x)
	}
	if streams, members := w.live.Len(); streams != len(w.model) || members != total {
		t.Fatalf("%d streams with %d presences, want %d with %d",
			streams, members, len(w.model), total)
	}
	w.compareScan(t)
	want := w.model.encode()
	for name, s := range map[string]*Streams{
		"encoding": w.live, "follower": w.follower, "restored": gridtest.Recode(t, Decode, w.live),
	} {
		if !bytes.Equal(gridtest.Encode(s), want) {
			t.Fatalf("%s: not the model's", name)
		}
		for key := range w.model {
			k := []byte(key)
			if got, want := s.Nodes(k, nil), w.model.nodes(k); !slices.Equal(got, want) {
				t.Fatalf("%s: %q on nodes %v, want %v", name, key, got, want)
			}
		}
	}
	for i, c := range w.clones {
		if !bytes.Equal(gridtest.Encode(c.streams), c.want) {
			t.Fatalf("clone %d of %d has changed", i, len(w.clones))
		}
	}
}

// compareScan looks at all streams, some at a time.
func (w *world) compareScan(t *rapid.T) {
	most := rapid.IntRange(1, 5).Draw(t, "page")
	var keys []string
	after, more := "", true
	for more {
		seen := 0
		after, more = w.live.Scan(after, most, func(key string, nodes []uint32) {
			seen++
			keys = append(keys, key)
			if want := w.model.nodes([]byte(key)); !slices.Equal(nodes, want) {
				t.Fatalf("%q on nodes %v, want %v", key, nodes, want)
			}
		})
		if seen > most || more && seen < most {
			t.Fatalf("%d streams of at most %d, more: %v", seen, most, more)
		}
	}
	if want := slices.Sorted(maps.Keys(w.model)); !slices.Equal(keys, want) {
		t.Fatalf("streams %q, want %q", keys, want)
	}
}

// TestCloneBesideWrites encodes clones while the original goes on: the race
// detector sees what they share.
func TestCloneBesideWrites(t *testing.T) {
	s := New()
	hall := room("hall")
	for i := range 500 {
		enter(s, hall, i, "")
		enter(s, room("side"), i%20, "x")
		enter(s, status(i), i, "")
	}
	for round := range 5 {
		want, frozen := gridtest.Encode(s), s.Clone()
		got := make(chan []byte)
		go func() { got <- gridtest.Encode(frozen) }()
		for i := range 300 {
			leave(s, hall, (i*7+round)%500)
			enter(s, hall, 500+i, "new")
			enter(s, room("side"), i%25, "y")
			leave(s, status(i+round), i+round)
		}
		if !bytes.Equal(<-got, want) {
			t.Fatal("the clone has changed")
		}
	}
}
