package ranking

import (
	"fmt"

	"pgregory.net/rapid"
)

// check fails the test if an invariant of the package comment does not hold.
// The index of a frozen set is its successor's, and is not looked at.
func check(t rapid.TB, s *Set, frozen bool) {
	t.Helper()
	c := checker{set: s, seen: map[Ordinal]bool{}}
	if n := c.node(s.root, true, nil, nil, 0); n != s.n && c.err == nil {
		c.failf("the tree holds %d records, the set says %d", n, s.n)
	}
	if !frozen {
		c.index()
	}
	if c.err != nil {
		t.Fatal(c.err)
	}
}

type checker struct {
	set  *Set
	seen map[Ordinal]bool
	last *Record
	leaf int // depth of the leaves, plus one
	err  error
}

func (c *checker) failf(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

// node checks what is below a node whose records are not below low and below
// high, and returns their number.
func (c *checker) node(n node, root bool, low, high *Record, depth int) int {
	if n.b == nil {
		return c.records(n.l, root, low, high, depth)
	}
	b := n.b
	if b.n > branchMax || root && b.n < 2 || !root && b.n < branchLow {
		c.failf("a branch of %d children at depth %d", b.n, depth)
		return 0
	}
	if low != nil && *b.bound(0) != *low {
		c.failf("bound 0 at depth %d is not the bound above", depth)
	}
	total := 0
	for i := range b.n {
		lo, hi := low, high
		if i > 0 {
			lo = b.bound(i)
		}
		if i+1 < b.n {
			hi = b.bound(i + 1)
		}
		if lo != nil && hi != nil && !lo.Before(hi) {
			c.failf("bounds out of order at depth %d", depth)
		}
		got := c.node(b.kid[i], false, lo, hi, depth+1)
		if got != int(b.count[i]) {
			c.failf("child %d at depth %d has %d records, its branch says %d", i, depth, got, b.count[i])
		}
		total += got
	}
	for _, kid := range b.kid[b.n:] {
		if kid != (node{}) {
			c.failf("a branch keeps a child behind its end")
		}
	}
	return total
}

func (b *branch) bound(i int) *Record {
	return &Record{Owner: b.tie[i].owner, Score: b.score[i], Sub: b.tie[i].sub, Stamp: b.tie[i].stamp}
}

func (c *checker) records(l *leaf, root bool, low, high *Record, depth int) int {
	if l.n > leafMax || !root && l.n < leafLow {
		c.failf("a leaf of %d records", l.n)
		return 0
	}
	if c.leaf == 0 {
		c.leaf = depth + 1
	}
	if c.leaf != depth+1 {
		c.failf("leaves at depths %d and %d", c.leaf-1, depth)
	}
	for i, o := range l.ord[:l.n] {
		r := c.set.table.at(o)
		switch {
		case c.seen[o]:
			c.failf("ordinal %d twice", o)
		case r.Score != l.score[i]:
			c.failf("score %d in a leaf, %d in the record", l.score[i], r.Score)
		case c.last != nil && !c.last.Before(r):
			c.failf("%v not before %v", *c.last, *r)
		case low != nil && r.Before(low):
			c.failf("%v below its bound %v", *r, *low)
		case high != nil && !r.Before(high):
			c.failf("%v not below the bound %v", *r, *high)
		}
		c.seen[o] = true
		c.last = r
	}
	return l.n
}

func (c *checker) index() {
	s := c.set
	if s.index.n != s.n || len(s.table.free)+s.n != int(s.table.next) {
		c.failf("%d records, %d in the index, %d free of %d",
			s.n, s.index.n, len(s.table.free), s.table.next)
	}
	if s.n > len(s.index.parts)*partRecords {
		c.failf("%d records in %d parts of the index", s.n, len(s.index.parts))
	}
	entries := 0
	for i := range s.index.parts {
		p := &s.index.parts[i]
		n := 0
		for _, v := range p.slots {
			if v != 0 {
				n++
			}
		}
		if n != p.n {
			c.failf("a part of %d entries says %d", n, p.n)
		}
		entries += n
	}
	if entries != s.n {
		c.failf("%d entries in the index for %d records", entries, s.n)
	}
	for o := range c.seen {
		if got, ok := s.Find(&s.table.at(o).Owner); !ok || got != o {
			c.failf("the index has %d, %v for ordinal %d", got, ok, o)
		}
	}
}
