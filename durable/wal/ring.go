package wal

// ringBytesFirst is how large a ring's buffer is at first.
const ringBytesFirst = 16 << 10

// ring keeps the stored form of a group's newest entries in one buffer, so that
// reading a recent entry never asks Pebble and writing one makes no garbage once
// the buffer has grown to its limit. Its entries are consecutive; the oldest give
// way. It is guarded by the log's lock.
type ring struct {
	limit int    // bytes
	data  []byte // the entries' bytes, each in one piece
	at    int    // where the next entry goes

	items []place // a circle; its length is a power of two
	head  int     // the oldest entry's place in items
	count int
	first uint64 // index of the oldest entry
}

type place struct{ off, size uint32 }

func (r *ring) place(i int) place { return r.items[(r.head+i)&(len(r.items)-1)] }

// get returns the stored form of an entry, valid until the next change.
func (r *ring) get(index uint64) ([]byte, bool) {
	if index < r.first || index >= r.first+uint64(r.count) {
		return nil, false
	}
	p := r.place(int(index - r.first))
	return r.data[p.off : p.off+p.size], true
}

// push adds the entry after the newest one. One that does not follow the
// newest, or is too large to be kept, empties the ring.
func (r *ring) push(index uint64, value []byte) {
	if index != r.first+uint64(r.count) || len(value) > r.limit {
		r.clear()
	}
	if len(value) > r.limit {
		return
	}
	if r.count == 0 {
		r.first, r.at = index, 0
	}
	if r.at+len(value) > len(r.data) && len(r.data) < r.limit {
		r.widen(r.at + len(value))
	}
	r.makeRoom(len(value))
	if r.count == len(r.items) {
		r.grow()
	}
	r.items[(r.head+r.count)&(len(r.items)-1)] = place{uint32(r.at), uint32(len(value))}
	r.count++
	r.at += copy(r.data[r.at:], value)
}

// widen makes the buffer larger, for bytes if its limit allows. Entries lie in the
// order of their age as long as it has not reached its limit, and stay where they are.
func (r *ring) widen(bytes int) {
	data := make([]byte, min(max(bytes, 2*len(r.data), ringBytesFirst), r.limit))
	copy(data, r.data[:r.at])
	r.data = data
}

// makeRoom frees size bytes in one piece at r.at. Entries lie in the buffer in
// the order of their age, from r.at on round to r.at, so the oldest are always
// the next in the way.
func (r *ring) makeRoom(size int) {
	if r.at+size > len(r.data) {
		for r.count > 0 && int(r.place(0).off) >= r.at {
			r.dropOldest()
		}
		r.at = 0
	}
	for r.count > 0 {
		oldest := int(r.place(0).off)
		if oldest < r.at || oldest >= r.at+size {
			return
		}
		r.dropOldest()
	}
}

func (r *ring) grow() {
	items := make([]place, max(64, 2*len(r.items)))
	for i := range r.count {
		items[i] = r.place(i)
	}
	r.items, r.head = items, 0
}

func (r *ring) dropOldest() {
	r.head = (r.head + 1) & (len(r.items) - 1)
	r.count--
	r.first++
}

// dropTo forgets entries up to index.
func (r *ring) dropTo(index uint64) {
	for r.count > 0 && r.first <= index {
		r.dropOldest()
	}
}

// dropFrom forgets entries from index on.
func (r *ring) dropFrom(index uint64) {
	if index <= r.first {
		r.clear()
		return
	}
	r.count = int(min(uint64(r.count), index-r.first))
	if r.count > 0 {
		newest := r.place(r.count - 1)
		r.at = int(newest.off + newest.size)
	}
}

func (r *ring) clear() { r.head, r.count, r.first, r.at = 0, 0, 0, 0 }
