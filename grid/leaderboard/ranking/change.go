package ranking

// link enters a stored record into the tree. On the way down it makes room in
// every full node, so that nothing has to be mended on the way up.
func (s *Set) link(k *Record, o Ordinal) {
	s.root = s.own(s.root)
	if full(s.root.entries(), s.root) {
		s.raise()
	}
	n := s.root
	for n.b != nil {
		b := n.b
		i := b.child(k)
		if full(b.entries(i), b.kid[i]) {
			s.relieve(b, i)
			i = b.child(k)
		}
		b.count[i]++
		n = s.ownKid(b, i)
	}
	n.l.insert(s.place(n.l, k), k.Score, o)
	s.n++
}

// unlink takes a record out of the tree. On the way down it fills up every thin
// node, so that it can lose an entry.
func (s *Set) unlink(k *Record, o Ordinal) {
	s.root = s.own(s.root)
	n := s.root
	for n.b != nil {
		b := n.b
		i := b.child(k)
		if s.fill(b, i) {
			i = b.child(k)
		}
		b.count[i]--
		n = s.ownKid(b, i)
	}
	n.l.remove(n.l.position(o))
	s.n--
	if b := s.root.b; b != nil && b.n == 1 {
		s.root = b.kid[0]
	}
}

// place returns where a record belongs in a leaf.
func (s *Set) place(l *leaf, k *Record) int {
	lo, hi := 0, l.n
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if l.score[m] <= k.Score {
			lo = m + 1
		} else {
			hi = m
		}
	}
	// Among equal scores the new record is mostly the last, being the youngest;
	// so the last is compared first.
	if lo == 0 || l.score[lo-1] < k.Score || s.table.at(l.ord[lo-1]).Before(k) {
		return lo
	}
	lo, hi = 0, lo-1
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if l.score[m] < k.Score || s.table.at(l.ord[m]).Before(k) {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// raise puts a branch above the root.
func (s *Set) raise() {
	b := &branch{gen: s.gen, n: 1}
	b.kid[0], b.count[0] = s.root, uint32(s.n)
	s.root = node{b: b}
}

// relieve makes room in child i, which is full: by giving to a neighbour, which
// keeps nodes fuller than splitting alone, or else by splitting it.
func (s *Set) relieve(b *branch, i int) {
	if j := b.smaller(i); j >= 0 && b.entries(j) <= pick(b.kid[i], leafRoomy, branchRoomy) {
		s.even(b, min(i, j))
		return
	}
	if b.kid[i].b != nil {
		b.insert(i+1, node{b: &branch{gen: s.gen}})
	} else {
		b.insert(i+1, node{l: &leaf{gen: s.gen}})
	}
	s.even(b, i)
}

// fill sees to it that child i can lose an entry: if it is thin it is merged
// with a neighbour when both fit into one node, and else, if it is low, it takes
// from that neighbour. It says whether it changed anything.
func (s *Set) fill(b *branch, i int) bool {
	size, kind := b.entries(i), b.kid[i]
	if size > pick(kind, leafThin, branchThin) {
		return false
	}
	j := b.smaller(i)
	if j < 0 {
		return false
	}
	if both := size + b.entries(j); both <= pick(kind, leafJoin, branchJoin) {
		s.level(b, min(i, j), both)
		b.remove(min(i, j) + 1)
		return true
	}
	if size > pick(kind, leafLow, branchLow) {
		return false
	}
	s.even(b, min(i, j))
	return true
}

// even lets children i and i+1 hold equally much.
func (s *Set) even(b *branch, i int) { s.level(b, i, (b.entries(i)+b.entries(i+1))/2) }

// level moves entries between children i and i+1, so that child i holds m.
func (s *Set) level(b *branch, i, m int) {
	x, y := s.ownKid(b, i), s.ownKid(b, i+1)
	both := b.count[i] + b.count[i+1]
	if x.b == nil {
		x.l.level(y.l, m)
		b.count[i] = uint32(x.l.n)
		if y.l.n > 0 {
			b.setBound(i+1, s.table.at(y.l.ord[0]))
		}
	} else {
		x.b.level(y.b, m)
		b.count[i] = uint32(x.b.before(x.b.n))
		b.score[i+1], b.tie[i+1] = y.b.score[0], y.b.tie[0]
	}
	b.count[i+1] = both - b.count[i]
}

// smaller returns the neighbour of child i with the fewest entries, or -1.
func (b *branch) smaller(i int) int {
	switch {
	case b.n == 1:
		return -1
	case i == 0:
		return 1
	case i == b.n-1 || b.entries(i-1) <= b.entries(i+1):
		return i - 1
	}
	return i + 1
}

// entries returns how many records or nodes child i holds, without a look at
// it if it is a leaf.
func (b *branch) entries(i int) int {
	if kid := b.kid[i].b; kid != nil {
		return kid.n
	}
	return int(b.count[i])
}

// own returns a node that the set may write.
func (s *Set) own(n node) node {
	if n.b != nil {
		if n.b.gen != s.gen {
			c := *n.b
			c.gen = s.gen
			n.b = &c
		}
	} else if n.l.gen != s.gen {
		c := *n.l
		c.gen = s.gen
		n.l = &c
	}
	return n
}

// ownKid returns child i of an owned branch, which then points to a node that
// the set may write.
func (s *Set) ownKid(b *branch, i int) node {
	n := b.kid[i]
	if c := s.own(n); c != n {
		b.kid[i] = c
		return c
	}
	return n
}

// full says whether a node of so many entries has no room.
func full(entries int, n node) bool { return entries == pick(n, leafMax, branchMax) }

// pick returns the number that belongs to the node's shape.
func pick(n node, ofLeaf, ofBranch int) int {
	if n.b != nil {
		return ofBranch
	}
	return ofLeaf
}
