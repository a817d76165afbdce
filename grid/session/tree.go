package session

import "github.com/tidwall/btree"

// tree is an ordered set that takes no memory until it holds something: most
// slots have no detached session and no used token.
type tree[T any] struct {
	less func(a, b T) bool
	of   *btree.BTreeG[T] // nil: nothing was ever in it
}

// Set adds a value, or replaces the one that is equal to it.
func (t *tree[T]) Set(v T) {
	if t.of == nil {
		t.of = btree.NewBTreeGOptions(t.less, btree.Options{NoLocks: true})
	}
	t.of.Set(v)
}

// Min returns the first value.
func (t *tree[T]) Min() (v T, ok bool) {
	if t.of == nil {
		return v, false
	}
	return t.of.Min()
}

// Delete removes a value.
func (t *tree[T]) Delete(v T) {
	if t.of != nil {
		t.of.Delete(v)
	}
}

// Ascend calls f for the values from one on, in order, until it returns false.
func (t *tree[T]) Ascend(from T, f func(T) bool) {
	if t.of != nil {
		t.of.Ascend(from, f)
	}
}

// Scan calls f for all values, in order, until it returns false.
func (t *tree[T]) Scan(f func(T) bool) {
	if t.of != nil {
		t.of.Scan(f)
	}
}

// Len returns the number of values.
func (t *tree[T]) Len() int {
	if t.of == nil {
		return 0
	}
	return t.of.Len()
}

// Copy returns a copy in O(1), whose nodes are copied when either writes to them.
func (t *tree[T]) Copy() tree[T] {
	if t.of == nil {
		return *t
	}
	return tree[T]{t.less, t.of.Copy()}
}
