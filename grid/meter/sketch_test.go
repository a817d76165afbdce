package meter_test

import (
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid/meter"
)

// Against exact counts: no count is too low, none by more than Over too high, the
// counts add up, and what is frequent is there.
func TestSketch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(1, 8).Draw(t, "rows")
		s, exact, total := meter.NewSketch(rows), map[string]uint64{}, uint64(0)
		keys := rapid.SliceOfN(rapid.IntRange(0, 12), 0, 200).Draw(t, "keys")
		for _, k := range keys {
			n := uint64(k%3 + 1)
			key := string(rune('a' + k))
			s.Note([]byte(key), n)
			exact[key] += n
			total += n
		}
		top, sum, last := s.Top(rows+1), uint64(0), total
		if len(top) != min(rows, len(exact)) {
			t.Fatalf("%d keys of %d in %d rows", len(top), len(exact), rows)
		}
		for _, h := range top {
			if n := exact[h.Key]; n == 0 || h.Count < n || h.Count-h.Over > n || h.Count > last {
				t.Fatalf("%+v behind %d, noted %d times", h, last, n)
			}
			last = h.Count
			sum += h.Count
			if n := exact[h.Key]; n > total/uint64(rows) {
				delete(exact, h.Key)
			}
		}
		for key, n := range exact {
			if n > total/uint64(rows) {
				t.Fatalf("%q is missing, noted %d times of %d: %+v", key, n, total, top)
			}
		}
		if sum != total {
			t.Fatalf("the counts are %d together, %d were noted", sum, total)
		}
		if first := s.Top(1); len(top) > 0 && (len(first) != 1 || first[0] != top[0]) {
			t.Fatalf("the first is %+v of %+v", first, top)
		}
	})
}

func BenchmarkSketch(b *testing.B) {
	for name, keys := range map[string]uint64{"few": 100, "many": 1 << 20} {
		b.Run(name, func(b *testing.B) {
			s := meter.NewSketch(512)
			var key [16]byte
			b.ReportAllocs()
			for i := range b.N {
				binary.LittleEndian.PutUint64(key[:], uint64(i)*0x9e3779b97f4a7c15%keys)
				s.Note(key[:], 1)
			}
		})
	}
}
