package leaderboard

import (
	"bytes"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/gridtest"
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
	want := "00000050" + "9102" +
		"9da161010301" + "c2a000a00000000000" + "94" + id + "d1fed4" + "05" + "07" +
		"9da162000001" + "c2a000a00000000000" + "94" + id + "cd012c" + "fb" + "08"
	if got := hex.EncodeToString(gridtest.Encode(b)); got != want {
		t.Fatalf("\ngot  %s\nwant %s", got, want)
	}
}

// count begins a state of that many boards.
func count(boards byte) []byte { return []byte{0x91, boards} }

// plainBoard begins a board with that many records and nothing that was set.
func plainBoard(name string, sort, records byte) []byte {
	b := append(pack.AppendString([]byte{0x9d}, name), sort, 0, records)
	return append(b, 0xc2, 0xa0, 0, 0xa0, 0, 0, 0, 0, 0)
}

// records makes a state of one board with these.
func records(rows ...[]byte) []byte {
	return gridtest.Stream(append([][]byte{count(1), plainBoard("x", 0, byte(len(rows)))}, rows...)...)
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
		"half a chunk":    {records(row(1, 5, 0, 1))[:20], "unexpected EOF"},
		"too many boards": {gridtest.Stream([]byte{0x91, 0xce, 0, 2, 0, 0}), "at most"},
		"missing board":   {gridtest.Stream(count(1)), "unexpected EOF"},
		"missing record":  {gridtest.Stream(count(1), plainBoard("x", 0, 2), row(1, 5, 0, 1)), "unexpected EOF"},
		"short head":      {gridtest.Stream([]byte{0x90}), "at least 1"},
		"no array":        {gridtest.Stream([]byte{7}), "want an array"},
		"half a board":    {gridtest.Stream(count(1), plainBoard("x", 0, 0)[:7]), "with 6 bytes left"},
		"short board":     {gridtest.Stream(count(1), []byte("\x94\xa1x\x00\x00\x00")), "at least 13"},
		"control in name": {gridtest.Stream(count(1), plainBoard("\x07", 0, 0)), "control"},
		"unknown sort":    {gridtest.Stream(count(1), plainBoard("x", 2, 0)), "sort 2"},
		"boards not sorted": {gridtest.Stream(count(2), plainBoard("x", 0, 0), plainBoard("x", 0, 0)),
			"does not follow"},
		"records rise":  {records(row(1, 5, 0, 1), row(2, 6, 0, 2)), "rank behind"},
		"stamps fall":   {records(row(1, 5, 0, 2), row(2, 5, 0, 1)), "rank behind"},
		"owner twice":   {records(row(1, 5, 0, 1), row(1, 4, 0, 2)), "two records"},
		"zero owner":    {records(nobody), "zero UUID"},
		"score too low": {records(row(1, math.MinInt64, 0, 1)), "out of range"},
	} {
		_, err := gridtest.Restore(Decode, c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// season makes a state of a board with a schedule, for its periods to follow.
func season(schedule string, keep, end int64, periods int, rest ...[]byte) []byte {
	b := pack.AppendString([]byte{0x9d, 0xa1, 's', 0, 0, 0, 0xc2}, schedule)
	b = append(pack.AppendString(pack.AppendInt(b, keep), "{}"), 0, 0, 0)
	b = pack.AppendInt(pack.AppendInt(b, end), int64(periods))
	return gridtest.Stream(append([][]byte{count(1), b}, rest...)...)
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
		b, err := gridtest.Restore(Decode, c.data)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err == nil && !bytes.Equal(gridtest.Encode(b), c.data) {
			t.Errorf("%s: other bytes", name)
		}
	}
}

func TestDecodePassesOverLaterFields(t *testing.T) {
	later := append(row(1, 5, 0, 1), 0xa0, 0x81, 0xa1, 'k', 0x93, 1, 2, 3)
	later[0] += 2 // no metadata, and one element more
	data := records(later)
	b, err := gridtest.Restore(Decode, data)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := gridtest.Restore(Decode, records(row(1, 5, 0, 1)))
	if err != nil || !bytes.Equal(gridtest.Encode(b), gridtest.Encode(plain)) {
		t.Fatal("another state", err)
	}
}

func TestSnapshotOfManyChunks(t *testing.T) {
	b := New()
	for _, name := range []string{"a", "b"} {
		create(t, b, name, Ascending, Set)
		for p := range 5000 {
			submit(t, b, int64(10+p), name, p, int64(p%1000))
		}
	}
	data := gridtest.Encode(b)
	if len(data) < 4*pack.ChunkBytesGood {
		t.Fatalf("only %d bytes", len(data))
	}
	if !bytes.Equal(gridtest.Encode(gridtest.Recode(t, Decode, b)), data) {
		t.Fatal("decoding and encoding again gives other bytes")
	}
}
