package ranking

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/invariant"
)

// Set is a set of records in rank order. See the package comment for who may
// call what when.
type Set struct {
	gen   uint64
	n     int
	root  node
	table table
	index *index
}

// New returns an empty set of a generation.
func New(gen uint64) *Set {
	return &Set{gen: gen, root: node{l: &leaf{gen: gen}}, index: &index{}}
}

// Fork returns the set's successor of a later generation, and freezes the set.
func (s *Set) Fork(gen uint64) *Set {
	return &Set{gen: gen, n: s.n, root: s.root, table: s.table.fork(), index: s.index}
}

// Len returns the number of records.
func (s *Set) Len() int { return s.n }

// Find returns the ordinal of an owner's record.
func (s *Set) Find(owner *grid.ID) (Ordinal, bool) { return s.index.find(&s.table, owner) }

// At returns a record: a view to read, valid until the set changes.
func (s *Set) At(o Ordinal) *Record { return s.table.at(o) }

// Rank returns how many records are before one.
func (s *Set) Rank(o Ordinal) int {
	k := s.table.at(o)
	n, rank := s.root, 0
	for n.b != nil {
		i := n.b.child(k)
		rank += n.b.before(i)
		n = n.b.kid[i]
	}
	return rank + n.l.position(o)
}

// Seek returns how many records rank before one that need not be in the set, and
// whether it is there, the same in every field.
func (s *Set) Seek(k *Record) (before int, there bool) {
	n := s.root
	for n.b != nil {
		i := n.b.child(k)
		before += n.b.before(i)
		n = n.b.kid[i]
	}
	i := s.place(n.l, k)
	return before + i, i < n.l.n && *s.table.at(n.l.ord[i]) == *k
}

// Read copies the records from a position on, counted from 0, and returns how
// many there were, at most len(dst). It copies and does not yield views because
// a tight loop lets the processor fetch many records at once: each is likely
// to be somewhere else in memory.
func (s *Set) Read(from int, dst []Record) int { return s.read(s.root, from, dst) }

// read is Read of the records below a node.
func (s *Set) read(n node, skip int, dst []Record) int {
	if n.b == nil {
		ord := n.l.ord[min(skip, n.l.n):n.l.n]
		ord = ord[:min(len(dst), len(ord))]
		for i, o := range ord {
			dst[i] = *s.table.at(o)
		}
		return len(ord)
	}
	done := 0
	for i, kid := range n.b.kid[:n.b.n] {
		if c := int(n.b.count[i]); skip >= c {
			skip -= c
			continue
		}
		done += s.read(kid, skip, dst[done:])
		if done == len(dst) {
			break
		}
		skip = 0
	}
	return done
}

// Insert adds a record whose owner has none.
func (s *Set) Insert(r *Record) Ordinal {
	if invariant.Enabled {
		_, found := s.Find(&r.Owner)
		invariant.Check(!found, "owner %v inserted twice", r.Owner)
	}
	o := s.table.add(r, s.gen)
	s.index.add(&s.table, &r.Owner, o)
	s.link(s.table.at(o), o)
	return o
}

// Move gives a record a new place in the order.
func (s *Set) Move(o Ordinal, score, sub, stamp int64) {
	s.unlink(s.table.at(o), o)
	r := s.table.own(o, s.gen)
	r.Score, r.Sub, r.Stamp = score, sub, stamp
	s.link(r, o)
}

// Delete removes a record; its ordinal is then free.
func (s *Set) Delete(o Ordinal) {
	r := s.table.at(o)
	s.unlink(r, o)
	s.index.remove(&s.table, &r.Owner)
	s.table.remove(o)
}
