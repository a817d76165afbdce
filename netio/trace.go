package netio

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/thronggrid/throng/grid"
)

// traceOf names a connection, of all that any node ever has. Two of one incarnation
// never have the same trace, for each has its own number; two of others hardly ever.
func traceOf(origin grid.Origin, number uint64) uint64 {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], uint64(origin))
	return xxhash.Sum64(raw[:]) ^ number
}
