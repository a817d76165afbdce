package presence

import "github.com/thronggrid/throng/grid"

// About what things take beside their texts, in bytes.
const (
	streamBytes   = 48
	presenceBytes = 72
)

// Sizes returns how much memory the streams and the presences on them take: it is O(1).
// Like Query it may run beside other queries.
func (s *Streams) Sizes() (streams, presences grid.Size) {
	n, members := int64(s.byKey.Len()), int64(s.members)
	return grid.Size{Count: n, Bytes: n*streamBytes + int64(s.keys)},
		grid.Size{Count: members, Bytes: members*presenceBytes + int64(s.texts)}
}
