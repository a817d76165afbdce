package history_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/chat/history"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/record"
	"github.com/thronggrid/throng/grid/record/memory"
)

func open(t rapid.TB) *history.Archive {
	s, err := memory.New(history.Table)
	if err != nil {
		t.Fatal(err)
	}
	return history.New(s)
}

// row makes a row of a channel: a message as it is after a revision, or with
// time 0 just the change. Content "" is a removed one.
func row(key string, seq uint64, time int64, revision uint64, content string) chat.Row {
	var sender grid.ID
	var session grid.SessionID
	if time != 0 {
		sender, session = grid.UserID("custom", key), grid.SessionIDOf(int64(seq), 7)
	}
	b := pack.AppendUint(pack.AppendArray(nil, 6), seq)
	b = pack.AppendUint(pack.AppendInt(b, time), revision)
	b = grid.AppendSession(pack.AppendBytes(b, sender[:]), session)
	if content == "" {
		b = pack.AppendNil(b)
	} else {
		b = pack.AppendString(b, content)
	}
	return chat.Row{Key: key, Seq: seq, Revision: revision, Message: b}
}

// shelf is the archive as a map, for comparison.
type shelf map[string]map[uint64][]byte

func (s shelf) store(t rapid.TB, rows []chat.Row) {
	for _, r := range rows {
		if s[r.Key] == nil {
			s[r.Key] = map[uint64][]byte{}
		}
		merged, changed, err := chat.Merge(s[r.Key][r.Seq], r.Message)
		if err != nil {
			t.Fatal(err)
		}
		if changed {
			s[r.Key][r.Seq] = merged
		}
	}
}

func (s shelf) read(key string, r chat.Range) (out []string) {
	for seq, message := range s[key] {
		if seq >= r.From && seq <= r.To {
			out = append(out, fmt.Sprintf("%020d %x", seq, message))
		}
	}
	slices.Sort(out)
	if r.Backward {
		slices.Reverse(out)
	}
	return out[:min(r.Limit, len(out))]
}

func read(t rapid.TB, a *history.Archive, key string, r chat.Range) (out []string) {
	err := a.Read(key, r, func(seq uint64, message []byte) bool {
		out = append(out, fmt.Sprintf("%020d %x", seq, message))
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Rows in any order, twice, late, as messages or as mere changes: the archive
// has what chat.Merge makes of them one by one.
func TestArchiveIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, want := open(t), shelf{}
		keys := rapid.SampledFrom([]string{"\x02lobby", "\x02lobby\x00", "\x02größe", "\x01"})
		seqs := rapid.Uint64Range(1, 12)
		t.Repeat(map[string]func(*rapid.T){
			"store": func(t *rapid.T) {
				var rows []chat.Row
				for range rapid.IntRange(0, 8).Draw(t, "rows") {
					content := rapid.SampledFrom([]string{"", "hello", "a\x00b", "grüße"}).Draw(t, "content")
					rows = append(rows, row(keys.Draw(t, "key"), seqs.Draw(t, "seq"),
						rapid.Int64Range(0, 2).Draw(t, "time"), rapid.Uint64Range(0, 3).Draw(t, "revision"), content))
				}
				want.store(t, rows)
				if err := a.Store(rows); err != nil {
					t.Fatal(err)
				}
			},
			"read": func(t *rapid.T) {
				key := keys.Draw(t, "key")
				r := chat.Range{
					From:     rapid.Uint64Range(0, 14).Draw(t, "from"),
					To:       rapid.SampledFrom([]uint64{0, 1, 5, 12, math.MaxInt64, math.MaxUint64}).Draw(t, "to"),
					Limit:    rapid.IntRange(1, 14).Draw(t, "limit"),
					Backward: rapid.Bool().Draw(t, "backward"),
				}
				if got, want := read(t, a, key, r), want.read(key, r); !slices.Equal(got, want) {
					t.Fatalf("%q %+v gives %q, want %q", key, r, got, want)
				}
			},
		})
	})
}

// More than a transaction may hold, by count and by size, comes and goes whole.
func TestManyRows(t *testing.T) {
	a, want := open(t), shelf{}
	var rows []chat.Row
	for seq := range uint64(3*record.RowsMax + 17) {
		rows = append(rows, row("\x02many", seq+1, 1, 0, strings.Repeat("x", int(seq)%chat.ContentBytesMax+1)))
	}
	want.store(t, rows)
	if err := a.Store(rows); err != nil {
		t.Fatal(err)
	}
	all := chat.Range{From: 1, To: math.MaxUint64, Limit: 1 << 20}
	for _, all.Backward = range []bool{false, true} {
		if got := read(t, a, "\x02many", all); !slices.Equal(got, want.read("\x02many", all)) {
			t.Errorf("backward %v: %d rows come back", all.Backward, len(got))
		}
	}
	n := 0
	if err := a.Read("\x02many", all, func(uint64, []byte) bool { n++; return n < 5 }); err != nil || n != 5 {
		t.Errorf("%d rows for who wanted 5, %v", n, err)
	}
	for _, r := range []chat.Range{{From: 2, To: 1, Limit: 9}, {From: math.MaxUint64, To: math.MaxUint64, Limit: 9}} {
		if got := read(t, a, "\x02many", r); got != nil {
			t.Errorf("%+v gives %d rows", r, len(got))
		}
	}
}

func TestRowsThatAreNoneAreRefused(t *testing.T) {
	a := open(t)
	good := row("\x02x", 1, 1, 0, "hello")
	for what, bad := range map[string]chat.Row{
		"no message":               {Key: "\x02x", Seq: 2, Message: []byte{0xc1}},
		"a message without fields": {Key: "\x02x", Seq: 2, Message: []byte{0x90}},
		"a long key":               row(strings.Repeat("k", 2000), 1, 1, 0, "hello"),
	} {
		if err := a.Store([]chat.Row{good, bad}); err == nil {
			t.Errorf("%s is stored", what)
		}
	}
	if got := read(t, a, "\x02x", chat.Range{From: 1, To: 9, Limit: 9}); got != nil {
		t.Errorf("beside a bad row, %q was stored", got)
	}
}

// everyone is present everywhere.
type everyone struct{}

func (everyone) Present([]byte, grid.SessionID) bool { return true }

func (everyone) Nodes(_ []byte, out []uint32) []uint32 { return append(out, 1) }

// run sends a request all the way through a slot's channels, as a slot and a
// worker do.
func run(t *testing.T, c *chat.Channels, a chat.Archive, kind grid.Kind, fields []byte, n int) []byte {
	t.Helper()
	for _, op := range chat.Ops(a) {
		if op.Kind != kind {
			continue
		}
		in := pack.NewCursor(fields)
		who := grid.Caller{User: grid.UserID("custom", "x"), Address: grid.Address{Session: 1}}
		_, body, err := op.Prepare(&who, &in, n, nil)
		if err != nil {
			t.Fatal(err)
		}
		if op.Write {
			body, err = c.Apply(&grid.Turn{Stamp: 1_000, Members: everyone{}}, kind, body, nil)
		} else if out, err2 := c.Query(kind, body, nil); errors.Is(err2, grid.ErrPartial) {
			body, err = op.Complete(body, out, nil)
		} else {
			body, err = out, err2
		}
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	t.Fatalf("no request of kind %v", kind)
	return nil
}

// A channel whose tail is archived reads as one, across the seam.
func TestAChannelWithItsArchive(t *testing.T) {
	a, c := open(t), chat.New()
	stream := grid.AppendStream(nil, grid.AppendKey(nil, grid.StreamRoom, "lobby"))
	const messages = 1000
	for i := range messages {
		run(t, c, a, chat.KindSend, pack.AppendString(bytes.Clone(stream), fmt.Sprintf("message %d", i+1)), 2)
	}
	for c.Pending() {
		rows, done := c.Backlog(1 << 14)
		if err := a.Store(rows); err != nil {
			t.Fatal(err)
		}
		for _, r := range done {
			body := r.Append(pack.AppendArray(nil, r.Fields()))
			if _, err := c.Apply(&grid.Turn{Stamp: 1, Members: everyone{}}, chat.KindArchived, body, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	next := uint64(1)
	for next <= messages {
		fields := pack.AppendUint(pack.AppendUint(bytes.Clone(stream), next), 100)
		in := pack.NewCursor(run(t, c, a, chat.KindHistory, pack.AppendBool(fields, false), 4))
		reply, err := chat.DecodeHistoryReply(&in)
		if err != nil || len(reply.Messages) == 0 {
			t.Fatalf("from %d: %+v, %v", next, reply, err)
		}
		for _, m := range reply.Messages {
			if m.Seq != next || m.Content != fmt.Sprintf("message %d", next) {
				t.Fatalf("message %d is %+v", next, m)
			}
			next++
		}
	}
}
