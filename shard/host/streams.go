package host

import "github.com/thronggrid/throng/grid"

// Nodes appends the nodes that have members on a stream, in rising order, as far as this
// node's replica knows; none, if it has none.
func (h *Host) Nodes(s grid.Slot, key []byte, out []uint32) []uint32 {
	if g := h.group(s); g != nil {
		return g.machine.Nodes(s, key, out)
	}
	return out
}

// Streams calls each with some of the streams of a slot that have members, as
// shard.Machine.Streams does, if this node leads the slot's shard.
func (h *Host) Streams(
	s grid.Slot, after string, most int,
	each func(stamp int64, key string, nodes []uint32, last uint64),
) (next string, more bool) {
	if g := h.leader(s); g != nil {
		return g.machine.Streams(s, after, most, each)
	}
	return "", false
}

// ShardOf returns the number of the shard that serves a slot; -1 while there is no table.
func (h *Host) ShardOf(s grid.Slot) int {
	if t := h.table.Load(); t != nil {
		return t.Shard(s)
	}
	return -1
}
