package wal

// ring keeps the stored form of a group's newest entries in one buffer of fixed
// size, so that reading a recent entry never asks Pebble and writing one makes
// no garbage. Its entries are consecutive; the oldest give way. It is guarded
// by the log's lock.
type ring struct {
	limit int    // bytes; the buffer is made at the first push
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
	if r.data == nil {
		r.data = make([]byte, r.limit)
	}
	if r.count == 0 {
		r.first, r.at = index, 0
	}
	r.makeRoom(len(value))
	if r.count == len(r.items) {
		r.grow()
	}
	r.items[(r.head+r.count)&(len(r.items)-1)] = place{uint32(r.at), uint32(len(value))}
	r.count++
	r.at += copy(r.data[r.at:], value)
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
