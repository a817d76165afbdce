package ranking

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/thronggrid/throng/grid"
)

// TestLargeSetGrowsAndShrinks takes a set through heights that the model test,
// whose sorted slice is slow, does not reach: up to 20,000 records in rising,
// falling and random order, much coming and going, and down to none.
func TestLargeSetGrowsAndShrinks(t *testing.T) {
	const owners = 20_000
	for name, next := range map[string]func(i int, chance *rand.Rand) int64{
		"rising":  func(i int, _ *rand.Rand) int64 { return int64(i) },
		"falling": func(i int, _ *rand.Rand) int64 { return int64(-i) },
		"random":  func(_ int, chance *rand.Rand) int64 { return chance.Int64N(20_000) },
	} {
		t.Run(name, func(t *testing.T) {
			l := &large{set: New(1), want: map[grid.ID]Record{}, chance: rand.New(rand.NewPCG(5, 6))}
			for i := range owners {
				l.put(i, next(i, l.chance))
			}
			l.compare(t)
			if l.set.root.b == nil || l.set.root.b.kid[0].b == nil {
				t.Fatal("the tree is not high enough for this test")
			}
			// Full neighbours share before they split, in whatever order records come.
			if fill := l.set.n / leaves(l.set.root); fill < leafMax*7/10 {
				t.Errorf("a leaf holds %d records on average, of %d", fill, leafMax)
			}
			before, kept := l.set, maps.Clone(l.want)
			l.set = l.set.Fork(2)
			for range owners {
				l.put(l.chance.IntN(owners), next(l.chance.IntN(owners), l.chance))
				l.drop(l.chance.IntN(owners))
			}
			l.compare(t)
			for i := range owners - 10 {
				l.drop(i * 7 % owners)
				if i%5_000 == 0 {
					check(t, l.set, false)
				}
			}
			l.compare(t)
			(&large{set: before, want: kept}).compareFrozen(t)
		})
	}
}

// leaves returns how many leaves are below a node.
func leaves(n node) int {
	if n.b == nil {
		return 1
	}
	count := 0
	for _, kid := range n.b.kid[:n.b.n] {
		count += leaves(kid)
	}
	return count
}

// large is a set and what must be in it.
type large struct {
	set    *Set
	want   map[grid.ID]Record
	chance *rand.Rand
	stamp  int64
}

func (l *large) put(who int, score int64) {
	l.stamp++
	r := Record{Owner: owner(who), Score: score, Sub: l.stamp % 2, Stamp: l.stamp}
	if o, found := l.set.Find(&r.Owner); found {
		l.set.Move(o, r.Score, r.Sub, r.Stamp)
	} else {
		l.set.Insert(&r)
	}
	l.want[r.Owner] = r
}

func (l *large) drop(who int) {
	id := owner(who)
	o, found := l.set.Find(&id)
	if _, want := l.want[id]; found != want {
		panic("the index is wrong")
	}
	if found {
		l.set.Delete(o)
		delete(l.want, id)
	}
}

func (l *large) compare(t *testing.T) {
	t.Helper()
	check(t, l.set, false)
	for i, r := range l.compareFrozen(t) {
		if o, found := l.set.Find(&r.Owner); !found || l.set.Rank(o) != i {
			t.Fatalf("the owner of rank %d is not found there", i)
		}
	}
}

func (l *large) compareFrozen(t *testing.T) []Record {
	t.Helper()
	check(t, l.set, true)
	want := slices.SortedFunc(maps.Values(l.want), func(a, b Record) int {
		if a.Before(&b) {
			return -1
		}
		return 1
	})
	got := make([]Record, len(want)+1)
	if got = got[:l.set.Read(0, got)]; !slices.Equal(got, want) {
		t.Fatalf("%d records, want %d, or not the same", len(got), len(want))
	}
	return got
}
