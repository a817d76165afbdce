package ranking

import "errors"

// What a Builder refuses.
var (
	ErrOrder = errors.New("a record does not rank behind the one before it")
	ErrOwner = errors.New("an owner has two records")
	ErrSize  = errors.New("too many records for one set")
)

// Builder makes a set of records that come in rank order, in a tenth of the time
// that inserting them one by one takes.
type Builder struct {
	set    *Set
	leaves []sprout
}

// sprout is a finished node with the first record below it.
type sprout struct {
	first Ordinal
	count uint32
	kid   node
}

// What nodes are filled to, so that the first changes do not split them all.
const (
	leafGood   = leafJoin
	branchGood = branchJoin
)

// NewBuilder returns a builder of a set of a generation.
func NewBuilder(gen uint64) *Builder { return &Builder{set: New(gen)} }

// Add adds a record. After an error the builder is of no more use.
func (b *Builder) Add(r *Record) error {
	s := b.set
	if s.n == RecordsMax {
		return ErrSize
	}
	if s.n > 0 && !s.table.at(Ordinal(s.n-1)).Before(r) {
		return ErrOrder
	}
	o := s.table.add(r, s.gen)
	if s.n%leafGood == 0 {
		b.leaves = append(b.leaves, sprout{first: o, kid: node{l: &leaf{gen: s.gen}}})
	}
	last := &b.leaves[len(b.leaves)-1]
	last.kid.l.insert(last.kid.l.n, r.Score, o)
	last.count++
	s.n++
	return nil
}

// Set returns the set of all records that were added.
func (b *Builder) Set() (*Set, error) {
	s := b.set
	if s.n == 0 {
		return s, nil
	}
	if !s.index.build(&s.table) {
		return nil, ErrOwner
	}
	b.balance()
	level := b.leaves
	for len(level) > 1 {
		level = s.gather(level)
	}
	s.root = level[0].kid
	return s, nil
}

// balance lets the last leaf, which got what was left, have enough.
func (b *Builder) balance() {
	n := len(b.leaves)
	if n < 2 {
		return
	}
	x, y := &b.leaves[n-2], &b.leaves[n-1]
	if y.kid.l.n >= leafLow {
		return
	}
	x.kid.l.level(y.kid.l, (x.kid.l.n+y.kid.l.n)/2)
	x.count, y.count = uint32(x.kid.l.n), uint32(y.kid.l.n)
	y.first = y.kid.l.ord[0]
}

// gather puts branches above nodes, equally full.
func (s *Set) gather(kids []sprout) []sprout {
	branches := (len(kids) + branchGood - 1) / branchGood
	level := make([]sprout, 0, branches)
	for i := range branches {
		below := kids[len(kids)*i/branches : len(kids)*(i+1)/branches]
		br := &branch{gen: s.gen, n: len(below)}
		up := sprout{first: below[0].first, kid: node{b: br}}
		for j, k := range below {
			br.setBound(j, s.table.at(k.first))
			br.count[j], br.kid[j] = k.count, k.kid
			up.count += k.count
		}
		level = append(level, up)
	}
	return level
}
