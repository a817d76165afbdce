package shard

import "github.com/thronggrid/throng/grid"

// Nodes appends the nodes that have members on a stream, in rising order. Any goroutine
// may call it.
func (m *Machine) Nodes(s grid.Slot, key []byte, out []uint32) []uint32 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if at := m.slots.get(s); at != nil {
		return at.Nodes(key, out)
	}
	return out
}

// Streams calls each as slot.Slot.Streams does, under the machine's read lock, with the
// stamp of the slot. Any goroutine may call it.
func (m *Machine) Streams(
	s grid.Slot, after string, most int,
	each func(stamp int64, key string, nodes []uint32, last uint64),
) (next string, more bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	at := m.slots.get(s)
	if at == nil {
		return "", false
	}
	stamp := at.Stamp()
	return at.Streams(after, most, func(key string, nodes []uint32, last uint64) {
		each(stamp, key, nodes, last)
	})
}
