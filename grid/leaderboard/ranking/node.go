package ranking

import "slices"

// The shape of the tree. Low is the least that a node other than the root
// holds; one that sinks to thin is merged with a neighbour if both together
// hold no more than join; a full one gives to a neighbour that holds no more
// than roomy before it is split.
const (
	leafMax   = 62 // 760 bytes, in the size class of 768
	leafLow   = leafMax / 3
	leafThin  = leafMax * 9 / 20
	leafJoin  = leafMax * 17 / 20
	leafRoomy = leafMax * 3 / 4

	branchMax   = 64 // 3,856 bytes, in the size class of 4,096
	branchLow   = branchMax / 3
	branchThin  = branchMax * 9 / 20
	branchJoin  = branchMax * 17 / 20
	branchRoomy = branchMax * 3 / 4
)

// leaf holds records in rank order. The ordinals come first: who looks for one
// reads nothing else.
type leaf struct {
	gen   uint64
	n     int
	ord   [leafMax]Ordinal
	score [leafMax]int64
}

// branch holds nodes in rank order.
type branch struct {
	gen   uint64
	n     int
	score [branchMax]int64  // the bounds' scores
	count [branchMax]uint32 // records below each child
	tie   [branchMax]tie    // the rest of the bounds, read where scores are equal
	kid   [branchMax]node
}

// node is one of both. Two pointers cost a quarter of a byte a record and save
// an unsafe one.
type node struct {
	l *leaf
	b *branch
}

// entries returns how many records or nodes are in a node, and its shape.
func (n node) entries() int {
	if n.b != nil {
		return n.b.n
	}
	return n.l.n
}

// position returns where a record is that must be there.
func (l *leaf) position(o Ordinal) int { return slices.Index(l.ord[:l.n], o) }

func (l *leaf) insert(i int, score int64, o Ordinal) {
	copy(l.ord[i+1:l.n+1], l.ord[i:l.n])
	copy(l.score[i+1:l.n+1], l.score[i:l.n])
	l.ord[i], l.score[i] = o, score
	l.n++
}

func (l *leaf) remove(i int) {
	copy(l.ord[i:l.n-1], l.ord[i+1:l.n])
	copy(l.score[i:l.n-1], l.score[i+1:l.n])
	l.n--
}

// level moves records between a leaf and the one that follows it, so that l
// holds m and r the others.
func (l *leaf) level(r *leaf, m int) {
	d := m - l.n // how many move from r to l
	if d >= 0 {
		copy(l.ord[l.n:], r.ord[:d])
		copy(l.score[l.n:], r.score[:d])
		copy(r.ord[:], r.ord[d:r.n])
		copy(r.score[:], r.score[d:r.n])
	} else {
		copy(r.ord[-d:], r.ord[:r.n])
		copy(r.score[-d:], r.score[:r.n])
		copy(r.ord[:], l.ord[m:l.n])
		copy(r.score[:], l.score[m:l.n])
	}
	l.n, r.n = l.n+d, r.n-d
}

// child returns the number of the child that a record is below: the last whose
// bound is not above the record.
func (b *branch) child(k *Record) int {
	lo, hi := 1, b.n
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if s := b.score[m]; k.Score < s || k.Score == s && k.tie().before(&b.tie[m]) {
			hi = m
		} else {
			lo = m + 1
		}
	}
	return lo - 1
}

// before returns how many records are below the children before i.
func (b *branch) before(i int) int {
	n := 0
	for _, c := range b.count[:i] {
		n += int(c)
	}
	return n
}

func (b *branch) setBound(i int, k *Record) { b.score[i], b.tie[i] = k.Score, *k.tie() }

// insert puts a node without records before child i.
func (b *branch) insert(i int, kid node) {
	copy(b.score[i+1:b.n+1], b.score[i:b.n])
	copy(b.count[i+1:b.n+1], b.count[i:b.n])
	copy(b.tie[i+1:b.n+1], b.tie[i:b.n])
	copy(b.kid[i+1:b.n+1], b.kid[i:b.n])
	b.count[i], b.kid[i] = 0, kid
	b.n++
}

func (b *branch) remove(i int) {
	b.take(i, b, i+1, b.n)
	b.n--
	b.kid[b.n] = node{}
}

// take copies children from to upto of another branch, with their bounds, over
// those from at on.
func (b *branch) take(at int, from *branch, lo, hi int) {
	copy(b.score[at:], from.score[lo:hi])
	copy(b.count[at:], from.count[lo:hi])
	copy(b.tie[at:], from.tie[lo:hi])
	copy(b.kid[at:], from.kid[lo:hi])
}

// level moves children between a branch and the one that follows it, so that b
// holds m and r the others. Bound 0 of r is the bound between both, before and
// afterwards.
func (b *branch) level(r *branch, m int) {
	d := m - b.n // how many move from r to b
	if d >= 0 {
		b.take(b.n, r, 0, d)
		r.take(0, r, d, r.n)
		clear(r.kid[r.n-d : r.n])
	} else {
		r.take(-d, r, 0, r.n)
		r.take(0, b, m, b.n)
		clear(b.kid[m:b.n])
	}
	b.n, r.n = b.n+d, r.n-d
}
