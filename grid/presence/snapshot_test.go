package presence

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
)

// TestFormat pins the bytes: what is on disks must stay readable.
func TestFormat(t *testing.T) {
	s := New()
	origin := grid.OriginOf(1, 2)
	for i, key := range [][]byte{goldKey, room("ea"), room("ea")} {
		r := EnterRequest{key, goldSession - grid.SessionID(i), goldUser, origin, 9, []byte("away"), true}
		if i == 1 {
			r.Status = nil
		}
		if _, _, err := do(s, KindEnter, &r); err != nil {
			t.Fatal(err)
		}
	}
	const from = "cf0000010000000002"
	want := "0000008d" + "9102" +
		"92" + "c403026561" + "02" +
		"94" + hexSession[:18] + "06" + hexUser + from + "a461776179" +
		"94" + hexSession[:18] + "07" + hexUser + from + "a0" +
		"92" + hexKey + "01" +
		"94" + hexSession + hexUser + from + "a461776179"
	if got := hex.EncodeToString(gridtest.Encode(s)); got != want {
		t.Fatalf("\ngot  %s\nwant %s", got, want)
	}
	if got := hex.EncodeToString(gridtest.Encode(New())); got != "00000002"+"9100" {
		t.Fatalf("an empty state is %s", got)
	}
}

// chunk makes a chunk of hexadecimal parts.
func chunk(parts ...string) []byte {
	b, err := hex.DecodeString(strings.Join(parts, ""))
	if err != nil {
		panic(err)
	}
	return append([]byte{0, 0, byte(len(b) >> 8), byte(len(b))}, b...)
}

func TestDecodeRefuses(t *testing.T) {
	const (
		one    = "92" + hexKey + "01"
		two    = "92" + hexKey + "02"
		member = "94" + hexSession + hexUser + "01" + "a0"
	)
	nobody := "c410" + strings.Repeat("00", 16)
	other := "94" + hexSession[:18] + "07" + hexUser + "01" + "a0"
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":              {nil, "unexpected EOF"},
		"half a chunk":         {chunk("9101", one, member)[:20], "unexpected EOF"},
		"too many streams":     {chunk("91ce00040001"), "at most 262144"},
		"missing stream":       {chunk("9101"), "unexpected EOF"},
		"missing presence":     {chunk("9101", two, other), "unexpected EOF"},
		"short head":           {chunk("90"), "at least 1"},
		"no array":             {chunk("07"), "want an array"},
		"stream without kind":  {chunk("9101", "92c40001"), "without a kind"},
		"stream of no kind":    {chunk("9101", "92c4020761", "01"), "no kind of stream 7"},
		"stream unnamed":       {chunk("9101", "92c40102", "01"), "use 1 to 128"},
		"empty stream":         {chunk("9101", "92"+hexKey+"00"), "from 1 to"},
		"too large stream":     {chunk("9101", "92"+hexKey+"ce00100001"), "from 1 to 1048576"},
		"streams not sorted":   {chunk("9102", one, member, "92c40302656101", member), "does not follow"},
		"stream twice":         {chunk("9102", one, member, one, member), "does not follow"},
		"presences not sorted": {chunk("9101", two, member, other), "does not follow"},
		"session twice":        {chunk("9101", two, member, member), "does not follow"},
		"session of zeros":     {chunk("9101", one, "94c4080000000000000000", hexUser, "01a0"), "no session's"},
		"nobody":               {chunk("9101", one, "94"+hexSession+nobody+"01a0"), "zero UUID"},
		"status not text":      {chunk("9101", one, "94"+hexSession+hexUser+"01a1ff"), "not UTF-8"},
		"half a presence":      {chunk("9101", one, "92"+hexSession+hexUser), "at least 4"},
	} {
		_, err := gridtest.Restore(Decode, c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestDecodePassesOverLaterFields(t *testing.T) {
	later := chunk("920181a16b00", "93"+hexKey+"01c3", "95"+hexSession+hexUser+"01a0"+"93010203")
	s, err := gridtest.Restore(Decode, later)
	if err != nil {
		t.Fatal(err)
	}
	want := chunk("9101", "92"+hexKey+"01", "94"+hexSession+hexUser+"01a0")
	if !bytes.Equal(gridtest.Encode(s), want) {
		t.Fatal("another state")
	}
}

// many returns streams with so many presences that they take many chunks.
func many() *Streams {
	s := New()
	for i := range 3000 {
		enter(s, room("hall"), i, strings.Repeat("s", i%30))
		enter(s, status(i), i, "")
	}
	return s
}

func TestSnapshotOfManyChunks(t *testing.T) {
	s := many()
	data := gridtest.Encode(s)
	if len(data) < 4*pack.ChunkBytesGood {
		t.Fatalf("only %d bytes", len(data))
	}
	if !bytes.Equal(gridtest.Encode(gridtest.Recode(t, Decode, s)), data) {
		t.Fatal("decoding and encoding again gives other bytes")
	}
}
