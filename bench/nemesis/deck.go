package nemesis

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/thronggrid/throng/grid"
)

// deck deals out all sorts of trouble, each once before any comes again.
type deck struct {
	all   []trouble
	cards []trouble
	wiped time.Duration // when the last node was, since the begin
}

// hit is one fault that is to come.
type hit struct {
	trouble trouble
	node    int
	lasts   time.Duration
	at      time.Duration // since the begin of the run
}

func newDeck(all []trouble, random *rand.Rand) deck {
	d := deck{all: all, wiped: -apart}
	d.shuffle(random)
	return d
}

func (d *deck) shuffle(random *rand.Rand) {
	d.cards = slices.Clone(d.all)
	random.Shuffle(len(d.cards), func(i, j int) {
		d.cards[i], d.cards[j] = d.cards[j], d.cards[i]
	})
}

// next takes a card that passes.
func (d *deck) next(random *rand.Rand, pass func(*trouble) bool) (trouble, bool) {
	for range 2 {
		for i := range d.cards {
			if c := d.cards[i]; pass(&c) {
				d.cards = slices.Delete(d.cards, i, i+1)
				return c, true
			}
		}
		d.shuffle(random)
	}
	return trouble{}, false
}

// draw draws a fault, or two at once on different nodes, one time in four and where a
// majority is left.
func (d *deck) draw(random *rand.Rand, nodes int, now time.Duration) []hit {
	first, _ := d.next(random, func(t *trouble) bool {
		return !t.wipes() || now-d.wiped >= apart
	})
	if first.wipes() {
		d.wiped = now
	}
	node := 1 + random.IntN(nodes)
	hits := []hit{{trouble: first, node: node, lasts: first.draw(random)}}
	if nodes < 5 || first.alone || random.IntN(4) > 0 {
		return hits
	}
	if second, ok := d.next(random, func(t *trouble) bool { return !t.alone }); ok {
		other := 1 + (node+random.IntN(nodes-1))%nodes
		hits = append(hits, hit{trouble: second, node: other, lasts: second.draw(random)})
		hits[0].lasts = max(hits[0].lasts, hits[1].lasts)
	}
	return hits
}

// wipes says whether a trouble takes a replica for good.
func (t *trouble) wipes() bool { return t.name == wiped }

func (t *trouble) draw(random *rand.Rand) time.Duration {
	if t.most <= t.least {
		return t.least
	}
	return t.least + time.Duration(random.Int64N(int64(t.most-t.least)))
}

// compare says how the sessions that are present differ from those that should be; "" is
// not at all. Both are rising.
func compare(got, want []grid.SessionID) string {
	var wrong []string
	for _, s := range got {
		if !slices.Contains(want, s) {
			wrong = append(wrong, fmt.Sprintf("the ghost %v", s))
		}
	}
	for _, s := range want {
		if !slices.Contains(got, s) {
			wrong = append(wrong, fmt.Sprintf("no %v", s))
		}
	}
	if len(wrong) == 0 && len(got) != len(want) {
		wrong = append(wrong, "somebody twice")
	}
	return strings.Join(wrong, ", ")
}
