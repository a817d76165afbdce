package wal

import "sort"

// account knows about how many bytes of entries lie where in a group's log: it
// keeps a mark each markBytes, not a number per entry, so its answers are up to
// markBytes and one entry too high. It is guarded by the log's lock.
type account struct {
	markBytes int64
	marks     []mark // ascending; the first is at or below the log's first entry
	total     int64  // bytes appended since the log was opened
}

// mark says that before bytes were appended before the entry at index.
type mark struct {
	index  uint64
	before int64
}

func (a *account) add(index uint64, size int) {
	n := len(a.marks)
	if n == 0 || a.total-a.marks[n-1].before >= a.markBytes {
		a.marks = append(a.marks, mark{index, a.total})
	}
	a.total += int64(size)
}

// kept is the bytes of the whole log.
func (a *account) kept() int64 {
	if len(a.marks) == 0 {
		return 0
	}
	return a.total - a.marks[0].before
}

// since is the bytes of the entries after index.
func (a *account) since(index uint64) int64 {
	i := sort.Search(len(a.marks), func(i int) bool { return a.marks[i].index > index+1 })
	if i == 0 {
		return a.kept()
	}
	return a.total - a.marks[i-1].before
}

// cut returns the highest index up to limit below which entries can go so that
// at least retain bytes stay, and the bytes that go; 0 when none can.
func (a *account) cut(limit uint64, retain int64) (index uint64, bytes int64) {
	i := sort.Search(len(a.marks), func(i int) bool {
		return a.marks[i].index > limit+1 || a.total-a.marks[i].before < retain
	})
	if i <= 1 {
		return 0, 0
	}
	m := a.marks[i-1]
	return m.index - 1, m.before - a.marks[0].before
}

// dropTo forgets entries up to index, where cut said.
func (a *account) dropTo(index uint64) {
	i := sort.Search(len(a.marks), func(i int) bool { return a.marks[i].index > index })
	a.marks = append(a.marks[:0], a.marks[i:]...)
}

// dropFrom forgets entries from index on.
func (a *account) dropFrom(index uint64) {
	i := sort.Search(len(a.marks), func(i int) bool { return a.marks[i].index >= index })
	if i < len(a.marks) {
		a.total = a.marks[i].before
		a.marks = a.marks[:i]
	}
}

func (a *account) clear() { a.marks = a.marks[:0] }
