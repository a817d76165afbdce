package ranking

import (
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
)

// owner returns one of many owners.
func owner(i int) (id grid.ID) {
	binary.BigEndian.PutUint64(id[:], uint64(i)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(id[8:], uint64(i))
	return id
}

// model is a sorted slice.
type model []Record

func (m model) find(id grid.ID) int {
	return slices.IndexFunc(m, func(r Record) bool { return r.Owner == id })
}

func (m *model) insert(r Record) {
	i := sort.Search(len(*m), func(i int) bool { return r.Before(&(*m)[i]) })
	*m = slices.Insert(*m, i, r)
}

func (m *model) remove(i int) { *m = slices.Delete(*m, i, i+1) }

// compare fails if the set does not hold just what the model does, with its ranks.
func compare(t rapid.TB, s *Set, m model, frozen bool) {
	t.Helper()
	check(t, s, frozen)
	got := make([]Record, len(m)+1)
	got = got[:s.Read(0, got)]
	if !slices.Equal(got, m) || s.Len() != len(m) {
		t.Fatalf("%d records, Len %d, want %d, or not the same", len(got), s.Len(), len(m))
	}
	for i := range m {
		seek(t, s, m, m[i])
		near := m[i]
		near.Stamp++
		seek(t, s, m, near)
	}
	seek(t, s, m, Record{Score: math.MinInt64})
	seek(t, s, m, Record{Score: math.MaxInt64})
	if frozen {
		return
	}
	for i := range m {
		o, ok := s.Find(&m[i].Owner)
		if !ok || *s.At(o) != m[i] || s.Rank(o) != i {
			t.Fatalf("owner of rank %d: found %v", i, ok)
		}
	}
}

// seek looks for a record that may be in the set.
func seek(t rapid.TB, s *Set, m model, k Record) {
	t.Helper()
	want := sort.Search(len(m), func(i int) bool { return !m[i].Before(&k) })
	there := want < len(m) && m[want] == k
	if got, found := s.Seek(&k); got != want || found != there {
		t.Fatalf("%+v is at %d, there %v, want %d, %v", k, got, found, want, there)
	}
}

// frozen is a predecessor and what it must hold for ever.
type frozen struct {
	set  *Set
	want model
}

func TestSetAgainstSortedSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		owners := rapid.SampledFrom([]int{3, 200, 3000}).Draw(t, "owners")
		scores := rapid.SampledFrom([]int64{1, 4, 1 << 40}).Draw(t, "scores")
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		s, m := New(1), model{}
		var kept []frozen
		for gen := uint64(2); gen < 8; gen++ {
			grows := rapid.IntRange(1, 9).Draw(t, "inserts of ten")
			for range rapid.IntRange(0, 2*owners).Draw(t, "changes") {
				change(s, &m, owner(chance.IntN(owners)), chance.IntN(10) < grows, Record{
					Score: chance.Int64N(scores), Sub: chance.Int64N(3), Stamp: int64(len(m)/3) + chance.Int64N(2),
				})
			}
			check(t, s, false)
			kept = append(kept, frozen{s, slices.Clone(m)})
			s = s.Fork(gen)
		}
		compare(t, s, m, false)
		for _, f := range kept {
			compare(t, f.set, f.want, true)
		}
	})
}

// change inserts or moves an owner's record, or deletes it.
func change(s *Set, m *model, id grid.ID, put bool, r Record) {
	r.Owner = id
	o, found := s.Find(&id)
	if found {
		m.remove(m.find(id))
	}
	switch {
	case put && found:
		s.Move(o, r.Score, r.Sub, r.Stamp)
	case put:
		s.Insert(&r)
	case found:
		s.Delete(o)
	}
	if put {
		m.insert(r)
	}
}

func TestOrdinalsAreUsedAgainWithoutHarmToAFork(t *testing.T) {
	s, m := New(1), model{}
	for i := range 1000 {
		change(s, &m, owner(i), true, Record{Score: int64(i * 7 % 100), Stamp: int64(i)})
	}
	before, want := s, slices.Clone(m)
	s = s.Fork(2)
	for i := range 1000 {
		change(s, &m, owner(i), false, Record{})
	}
	if s.Len() != 0 || len(s.table.free) != 1000 {
		t.Fatalf("%d records, %d free places", s.Len(), len(s.table.free))
	}
	for i := range 1000 {
		change(s, &m, owner(5000+i), true, Record{Score: int64(i), Stamp: int64(2000 + i)})
	}
	if s.table.next != 1000 {
		t.Fatalf("%d places for 1000 records", s.table.next)
	}
	compare(t, s, m, false)
	compare(t, before, want, true)
}

func TestReadStartsAndEndsAnywhere(t *testing.T) {
	for _, size := range []int{0, 1, leafGood, 10_000} {
		b := NewBuilder(1)
		for i := range size {
			if err := b.Add(&Record{Owner: owner(i), Score: int64(i / 3), Stamp: int64(i)}); err != nil {
				t.Fatal(err)
			}
		}
		s, err := b.Set()
		if err != nil {
			t.Fatal(err)
		}
		for _, from := range []int{0, 1, leafGood - 1, leafGood, 5000, 9999, 10_000, 1 << 40} {
			for _, limit := range []int{0, 1, leafGood, 200, 6000} {
				got := make([]Record, limit)
				n := s.Read(from, got)
				if want := max(0, min(limit, size-from)); n != want {
					t.Fatalf("%d from %d of %d: got %d, want %d", limit, from, size, n, want)
				}
				for i, r := range got[:n] {
					if r.Stamp != int64(from+i) {
						t.Fatalf("%d from %d of %d: %v at %d", limit, from, size, r, i)
					}
				}
			}
		}
	}
}

func TestBuilderMakesSetsThatGoOn(t *testing.T) {
	for _, n := range []int{0, 1, leafGood, leafGood + 1, 2*leafGood + 3, 60 * leafGood, 70_001} {
		b, m := NewBuilder(1), model{}
		for i := range n {
			r := Record{Owner: owner(i), Score: int64(i / 5), Stamp: int64(i)}
			if err := b.Add(&r); err != nil {
				t.Fatal(err)
			}
			m = append(m, r)
		}
		s, err := b.Set()
		if err != nil {
			t.Fatal(err)
		}
		compare(t, s, m, n > 5000) // ranks of all would take the model long
		chance := rand.New(rand.NewPCG(1, 2))
		for i := range 300 {
			r := Record{Score: chance.Int64N(int64(n/5 + 1)), Stamp: int64(n + i)}
			change(s, &m, owner(chance.IntN(n+100)), i%3 > 0, r)
		}
		compare(t, s, m, n > 5000)
	}
}

func TestBuilderRefusesDisorder(t *testing.T) {
	first := Record{Owner: owner(1), Score: 5, Sub: 5, Stamp: 5}
	for name, c := range map[string]struct {
		next Record
		want error
	}{
		"score":    {Record{Owner: owner(2), Score: 4, Sub: 9, Stamp: 9}, ErrOrder},
		"subscore": {Record{Owner: owner(2), Score: 5, Sub: 4, Stamp: 9}, ErrOrder},
		"stamp":    {Record{Owner: owner(2), Score: 5, Sub: 5, Stamp: 4}, ErrOrder},
		"owner":    {Record{Owner: owner(1), Score: 9, Sub: 9, Stamp: 9}, ErrOwner},
		"none":     {Record{Owner: owner(2), Score: 5, Sub: 5, Stamp: 6}, nil},
	} {
		b := NewBuilder(1)
		if err := b.Add(&first); err != nil {
			t.Fatal(err)
		}
		err := b.Add(&c.next)
		if err == nil {
			_, err = b.Set()
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
