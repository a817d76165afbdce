package netio

import (
	"testing"

	"github.com/thronggrid/throng/grid"
)

// No two connections have the same trace, of one incarnation or of others.
func TestTracesDiffer(t *testing.T) {
	seen := make(map[uint64]bool)
	for node := range uint32(4) {
		for incarnation := range uint64(4) {
			for i := range uint64(64) {
				number := i&1<<loopShift | (i>>1&3+1)<<generationShift | i>>3
				trace := traceOf(grid.OriginOf(node, incarnation), number)
				if seen[trace] {
					t.Fatalf("trace %x twice", trace)
				}
				seen[trace] = true
			}
		}
	}
}
