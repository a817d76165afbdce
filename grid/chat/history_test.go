package chat

import (
	"errors"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
)

func seqs(r HistoryReply) (out []uint64) {
	for _, m := range r.Messages {
		out = append(out, m.Seq)
	}
	return out
}

// TestPagesAcrossTheTail reads all ways across the place where the tail begins,
// which moves between the two halves of each read.
func TestPagesAcrossTheTail(t *testing.T) {
	for _, x := range []struct {
		r        HistoryRequest
		from, to uint64
	}{
		{HistoryRequest{lobby, 0, 10, false}, 1, 10},
		{HistoryRequest{lobby, 1, 100, false}, 1, 100},
		{HistoryRequest{lobby, 40, 10, false}, 40, 49},
		{HistoryRequest{lobby, 45, 1, false}, 45, 45},
		{HistoryRequest{lobby, 44, 2, false}, 44, 45},
		{HistoryRequest{lobby, 290, 100, false}, 290, 300},
		{HistoryRequest{lobby, 301, 100, false}, 1, 0},
		{HistoryRequest{lobby, 1 << 63, 100, false}, 1, 0},
		{HistoryRequest{lobby, 0, 10, true}, 291, 300},
		{HistoryRequest{lobby, 1 << 63, 10, true}, 291, 300},
		{HistoryRequest{lobby, 50, 10, true}, 41, 50},
		{HistoryRequest{lobby, 45, 1, true}, 45, 45},
		{HistoryRequest{lobby, 45, 2, true}, 44, 45},
		{HistoryRequest{lobby, 44, 3, true}, 42, 44},
		{HistoryRequest{lobby, 5, 100, true}, 1, 5},
	} {
		c, s := New(), newShelf()
		for range 300 {
			send(t, c, s, lobby, "x")
		}
		archiveAll(t, c, s, 1000)
		read := begin(c, s, KindHistory, &x.r)
		for range 300 {
			send(t, c, s, lobby, "x")
		}
		archiveAll(t, c, s, 1000)
		got, err := end(read, DecodeHistoryReply)
		if err != nil {
			t.Fatal(err)
		}
		numbers := seqs(got)
		if got.First != 1 || got.Last != 300 || len(numbers) != int(x.to+1-x.from) {
			t.Errorf("%+v: %d to %d, %v", x.r, got.First, got.Last, numbers)
		}
		for i, seq := range numbers {
			if seq != x.from+uint64(i) {
				t.Errorf("%+v: %v", x.r, numbers)
			}
		}
	}
}

// TestPagesAreBounded: long messages make short pages, in memory and from the
// archive, and no page leaves one out for a shorter one behind it.
func TestPagesAreBounded(t *testing.T) {
	c, s, sent := New(), newShelf(), uint64(0)
	more := func(n, length int) {
		for range n {
			sent = send(t, c, s, lobby, strings.Repeat("x", length)).Seq
		}
	}
	check := func() {
		for from := uint64(1); from <= sent; from += 7 {
			checkPage(t, c, s, &HistoryRequest{lobby, from, 100, false}, sent)
			checkPage(t, c, s, &HistoryRequest{lobby, from, 100, true}, sent)
		}
	}
	more(100, ContentBytesMax)
	more(600, 1)
	archiveAll(t, c, s, 10_000)
	check() // long ones in the archive, short ones in the tail
	more(100, ContentBytesMax)
	check() // and more long ones than a page takes, that are not archived yet
}

// checkPage fails unless a page has what goes in of all messages up to one.
func checkPage(t *testing.T, c *Channels, s *shelf, r *HistoryRequest, last uint64) {
	t.Helper()
	got, err := ask(c, s, KindHistory, r, DecodeHistoryReply)
	if err != nil || len(got.Messages) == 0 {
		t.Fatalf("%+v: %+v, %v", r, got, err)
	}
	sum, n, numbers := 0, len(got.Messages), seqs(got)
	for i, m := range got.Messages {
		sum += size(m)
		if m.Seq != numbers[0]+uint64(i) {
			t.Fatalf("%+v: %v", r, numbers)
		}
	}
	all := n == r.Limit || !r.Backward && numbers[n-1] == last || r.Backward && numbers[0] == 1
	if sum > HistoryBytesMax || sum < HistoryBytesMax-ContentBytesMax-headBytesMax && !all ||
		!r.Backward && numbers[0] != r.From || r.Backward && numbers[n-1] != r.From {
		t.Fatalf("%+v: %d bytes, %v", r, sum, numbers)
	}
}

// TestPagesShowChangesThatTheArchiveLacks reads messages whose changes wait for
// the archive, or reach it between the two halves of a read.
func TestPagesShowChangesThatTheArchiveLacks(t *testing.T) {
	for _, late := range []bool{false, true} {
		c, s, _ := sample(t) // 3 is changed and 1 is removed, and the archive does not know
		read := begin(c, s, KindHistory, &HistoryRequest{lobby, 0, 5, false})
		if late {
			archiveAll(t, c, s, 1000)
		}
		got, err := end(read, DecodeHistoryReply)
		if err != nil || len(got.Messages) != 5 {
			t.Fatalf("%+v, %v", got, err)
		}
		one, three := got.Messages[0], got.Messages[2]
		if !one.Removed || one.Revision != 2 || one.Time == 0 || one.Sender != server.User ||
			three.Content != "hello again" || three.Revision != 1 {
			t.Errorf("%+v and %+v", one, three)
		}
	}
}

func TestPagesOfNothing(t *testing.T) {
	for _, a := range []Archive{nil, newShelf()} {
		got, err := ask(New(), a, KindHistory, &HistoryRequest{lobby, 0, 5, true}, DecodeHistoryReply)
		if err != nil || got.First != 0 || got.Last != 0 || len(got.Messages) != 0 {
			t.Errorf("%+v, %v", got, err)
		}
		if got := info(t, New(), a, lobby); got != (InfoReply{}) {
			t.Errorf("%+v", got)
		}
	}
}

// TestArchivesThatFail: an archive that cannot be read, or says what it cannot,
// makes no page; and messages wait for one that cannot be written.
func TestArchivesThatFail(t *testing.T) {
	c, s, _ := sample(t)
	s.broken = errors.New("the disk is full")
	request := &HistoryRequest{lobby, 0, 5, false}
	_, err := ask(c, s, KindHistory, request, DecodeHistoryReply)
	if e := fault.Of(err); e.Code != fault.Unavailable || e.Retry <= 0 || e.Unknown {
		t.Errorf("%+v", err)
	}
	rows, _ := c.Backlog(1000)
	if s.Store(rows) == nil || !c.Pending() {
		t.Error("nothing waits")
	}
	three, four := s.rows[lobby][3], s.rows[lobby][4]
	for name, rows := range map[string][][]byte{
		"out of order": {four, three}, "twice": {three, three}, "beyond": {s.rows[lobby][200]}, "no message": {{1}},
	} {
		complete := ops(anything{rows})[KindHistory].Complete
		read := begin(c, anything{rows}, KindHistory, request)
		if out, err := complete(read.body, read.out, nil); fault.CodeOf(err) != fault.Internal || len(out) > 0 {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
	read := begin(c, s, KindHistory, request)
	for name, x := range map[string][2][]byte{"body": {{1}, read.out}, "part": {read.body, {1}},
		"five fields": {read.body, append([]byte{0x95}, read.out[1:]...)}} {
		if _, err := read.op.Complete(x[0], x[1], nil); err == nil {
			t.Errorf("completed with another %s", name)
		}
	}
}

func TestQueriesThatAreWrong(t *testing.T) {
	c, _, _ := sample(t)
	good := historyQuery{[]byte(lobby), 1, 5, false, true}
	for name, x := range map[string]struct {
		kind grid.Kind
		body []byte
		want fault.Code
	}{
		"limit 0":     {KindHistory, (&historyQuery{key: []byte(lobby)}).append(nil), fault.InvalidArgument},
		"four fields": {KindHistory, append([]byte{0x94}, good.append(nil)[1:]...), fault.InvalidArgument},
		"cut off":     {KindHistory, good.append(nil)[:9], fault.InvalidArgument},
		"one field":   {KindInfo, []byte{0x91, 0xc4, 0}, fault.InvalidArgument},
		"no key":      {KindInfo, []byte{0x92, 1, 0xc3}, fault.InvalidArgument},
		"no array":    {KindInfo, []byte{1}, fault.InvalidArgument},
		"a command":   {KindSend, []byte{0x90}, fault.Unimplemented},
	} {
		out, err := c.Query(x.kind, x.body, []byte("before"))
		if fault.CodeOf(err) != x.want || string(out) != "before" {
			t.Errorf("%s: %v, %q", name, err, out)
		}
	}
}
