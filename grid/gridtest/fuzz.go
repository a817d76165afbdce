package gridtest

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/thronggrid/throng/grid/pack"
)

// FuzzDecode decodes anything. What is accepted is a state like any other: before
// and after use was made of it, it survives being encoded and decoded.
func FuzzDecode[S State](
	f *testing.F, decode func(*pack.Decoder) (S, error), use func(*testing.T, S), seeds ...S,
) {
	// With whole, data is the inside of one chunk, else a stream of chunks.
	for _, s := range seeds {
		data := Encode(s)
		f.Add(false, data)
		f.Add(false, data[:len(data)-1])
		f.Add(true, data[4:])
	}
	f.Fuzz(func(t *testing.T, whole bool, data []byte) {
		if whole {
			data = append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...)
		}
		s, err := decode(pack.NewDecoder(bytes.NewReader(data)))
		if err != nil {
			return
		}
		checkRound(t, decode, s)
		use(t, s)
		checkRound(t, decode, s)
	})
}

func checkRound[S State](t *testing.T, decode func(*pack.Decoder) (S, error), s S) {
	t.Helper()
	if !bytes.Equal(Encode(Recode(t, decode, s)), Encode(s)) {
		t.Fatal("decoding and encoding again gives other bytes")
	}
}
