package leaderboard

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

// TestFormat pins the bytes: what is on disks must stay readable.
func TestFormat(t *testing.T) {
	b := New()
	create(t, b, "b", Descending, Best)
	create(t, b, "a", Ascending, Decr)
	owner := grid.ID{15: 1}
	for i, name := range []string{"a", "b"} {
		r := SubmitRequest{Board: name, Owner: owner, Score: 300, Subscore: -5}
		if _, err := do(b, &server, KindSubmit, int64(7+i), &r, DecodeSubmitReply); err != nil {
			t.Fatal(err)
		}
	}
	id := "c41000000000000000000000000000000001"
	want := "00000051" + "920202" +
		"9da161010301" + "c2a000a00000000000" + "94" + id + "d1fed4" + "05" + "07" +
		"9da162000001" + "c2a000a00000000000" + "94" + id + "cd012c" + "fb" + "08"
	if got := hex.EncodeToString(encode(b)); got != want {
		t.Fatalf("\ngot  %s\nwant %s", got, want)
	}
}

// stream makes a chunk of one board, for records to follow.
func stream(records ...[]byte) []byte {
	var out bytes.Buffer
	w := pack.NewChunkWriter(&out)
	buf := append(w.Begin(), 0x92, 1, 1, 0x94, 0xa1, 'x', 0, 0, byte(len(records)))
	for _, r := range records {
		buf = append(buf, r...)
	}
	if err := w.End(buf); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func row(who int, score, sub, stamp int64) []byte {
	id := person(who)
	b := pack.AppendBytes(pack.AppendArray(nil, 4), id[:])
	return pack.AppendInt(pack.AppendInt(pack.AppendInt(b, score), sub), stamp)
}

func TestDecodeRefuses(t *testing.T) {
	nobody := append([]byte{0x94, 0xc4, 16}, make([]byte, 19)...)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":         {nil, "unexpected EOF"},
		"half a chunk":    {stream(row(1, 5, 0, 1))[:20], "unexpected EOF"},
		"empty chunk":     {make([]byte, 4), "empty chunk"},
		"later format":    {[]byte{0, 0, 0, 3, 0x92, 3, 0}, "format 3"},
		"too many boards": {[]byte{0, 0, 0, 7, 0x92, 1, 0xce, 0, 2, 0, 0}, "at most"},
		"missing board":   {[]byte{0, 0, 0, 3, 0x92, 1, 1}, "unexpected EOF"},
		"short head":      {[]byte{0, 0, 0, 2, 0x91, 1}, "want at least 2"},
		"no array":        {[]byte{0, 0, 0, 1, 7}, "want an array"},
		"half a board":    {[]byte{0, 0, 0, 7, 0x92, 1, 1, 0x94, 0xa1, 'x', 0}, "3 bytes left"},
		"control in name": {[]byte{0, 0, 0, 9, 0x92, 1, 1, 0x94, 0xa1, 7, 0, 0, 0}, "control"},
		"unknown sort":    {[]byte{0, 0, 0, 9, 0x92, 1, 1, 0x94, 0xa1, 'x', 2, 0, 0}, "sort 2"},
		"boards not sorted": {[]byte{0, 0, 0, 15, 0x92, 1, 2,
			0x94, 0xa1, 'x', 0, 0, 0, 0x94, 0xa1, 'x', 0, 0, 0}, "does not follow"},
		"bytes behind": {[]byte{0, 0, 0, 10, 0x92, 1, 1, 0x94, 0xa1, 'x', 0, 0, 0, 0},
			"behind the last"},
		"records rise":  {stream(row(1, 5, 0, 1), row(2, 6, 0, 2)), "rank behind"},
		"stamps fall":   {stream(row(1, 5, 0, 2), row(2, 5, 0, 1)), "rank behind"},
		"owner twice":   {stream(row(1, 5, 0, 1), row(1, 4, 0, 2)), "two records"},
		"zero owner":    {stream(nobody), "zero UUID"},
		"score too low": {stream(row(1, math.MinInt64, 0, 1)), "out of range"},
	} {
		_, err := Decode(pack.NewChunkReader(bytes.NewReader(c.data)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// season makes a chunk of a board with a schedule, for its periods to follow.
func season(schedule string, keep, end int64, periods int, rest ...[]byte) []byte {
	var out bytes.Buffer
	w := pack.NewChunkWriter(&out)
	buf := append(w.Begin(), 0x92, 2, 1, 0x9d, 0xa1, 's', 0, 0, 0, 0xc2)
	buf = pack.AppendInt(pack.AppendString(buf, schedule), keep)
	buf = append(pack.AppendString(buf, "{}"), 0, 0, 0)
	buf = pack.AppendInt(buf, end)
	buf = pack.AppendInt(buf, int64(periods))
	for _, b := range rest {
		buf = append(buf, b...)
	}
	if err := w.End(buf); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func TestDecodeChecksPeriods(t *testing.T) {
	first := append([]byte{0x92, 60, 1}, row(1, 5, 0, 1)...)
	second := append([]byte{0x92, 120, 1}, row(1, 5, 0, 1)...)
	noted := append([]byte{0x92, 60, 1}, row(1, 5, 0, 1)...)
	noted[3]++ // of the record's array
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"as it should be":      {season("@daily", 9, 180, 2, first, second), ""},
		"over for ever":        {season("@daily", 9, 0, 1, first), ""},
		"no schedule":          {season("", 0, 180, 0), "none without"},
		"periods without one":  {season("", 0, 0, 1, first), "none without"},
		"keep without one":     {season("", 9, 0, 0), "never reset"},
		"bad schedule":         {season("daily", 9, 180, 0), "give minute"},
		"too many":             {season("@daily", 9, 180, PeriodsMax+1), "at most"},
		"one is missing":       {season("@daily", 9, 180, 2, first), "unexpected EOF"},
		"out of order":         {season("@daily", 9, 180, 2, second, first), "behind one at 120"},
		"runs before":          {season("@daily", 9, 60, 1, second), "behind one at 120"},
		"ends after all time":  {season("@daily", 9, 1<<40+1, 0), "behind one at 0"},
		"ends before all time": {season("@daily", 9, -1, 0), "behind one at 0"},
		"no records":           {season("@daily", 9, 180, 1, []byte{0x92, 60, 0}), "no records"},
		"metadata":             {season("@daily", 9, 180, 1, noted, []byte("\xa4note")), ""},
		"bad metadata":         {season("@daily", 9, 180, 1, noted, []byte("\xa1\xff")), "not UTF-8"},
	} {
		b, err := Decode(pack.NewChunkReader(bytes.NewReader(c.data)))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err == nil && !bytes.Equal(encode(b), c.data) {
			t.Errorf("%s: other bytes", name)
		}
	}
}

func TestDecodePassesOverLaterFields(t *testing.T) {
	later := append(row(1, 5, 0, 1), 0xa0, 0x81, 0xa1, 'k', 0x93, 1, 2, 3)
	later[0] += 2 // no metadata, and one element more
	data := stream(later)
	b, err := Decode(pack.NewChunkReader(bytes.NewReader(data)))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := Decode(pack.NewChunkReader(bytes.NewReader(stream(row(1, 5, 0, 1)))))
	if err != nil || !bytes.Equal(encode(b), encode(plain)) {
		t.Fatal("another state", err)
	}
}

// TestSnapshotOfManyChunks also holds that no chunk is much longer than it should be.
func TestSnapshotOfManyChunks(t *testing.T) {
	b := New()
	for _, name := range []string{"a", "b"} {
		create(t, b, name, Ascending, Set)
		for p := range 5000 {
			submit(t, b, int64(10+p), name, p, int64(p%1000))
		}
	}
	data := encode(b)
	r := pack.NewChunkReader(bytes.NewReader(data))
	chunks := 0
	for {
		c, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(c.Rest()) > pack.ChunkBytesGood+200 {
			t.Fatalf("a chunk of %d bytes, %v", len(c.Rest()), err)
		}
		chunks++
	}
	if chunks < 8 {
		t.Fatalf("%d chunks for %d bytes", chunks, len(data))
	}
	if !bytes.Equal(encode(recode(t, b)), data) {
		t.Fatal("decoding and encoding again gives other bytes")
	}
}

type brokenWriter struct{ left int }

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.left--; w.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestEncodeReportsWriteErrors(t *testing.T) {
	b := New()
	create(t, b, "a", Ascending, Set)
	for p := range 3000 {
		submit(t, b, int64(10+p), "a", p, int64(p))
	}
	for left := range 2 {
		err := b.Encode(pack.NewChunkWriter(&brokenWriter{left}))
		if !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("after %d chunks: %v", left, err)
		}
	}
}
