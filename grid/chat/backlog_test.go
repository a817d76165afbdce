package chat

import (
	"bytes"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid/gridtest"
)

// TestBacklogTakesTurns: a busy room does not keep others from the archive.
func TestBacklogTakesTurns(t *testing.T) {
	c, s := New(), newShelf()
	keys := []string{roomKey("a"), roomKey("b"), roomKey("c"), roomKey("d")}
	for _, key := range keys {
		send(t, c, s, key, "first")
	}
	served := map[string]int{}
	for range 12 {
		for range 5 {
			send(t, c, s, keys[1], strings.Repeat("x", 1000))
		}
		send(t, c, s, keys[3], "x")
		rows, done := c.Backlog(1)
		if len(rows) != 1 || len(done) != 1 || rows[0].Key != done[0].Key {
			t.Fatalf("%d rows, %+v", len(rows), done)
		}
		served[rows[0].Key]++
		if err := acknowledge(c, done); err != nil {
			t.Fatal(err)
		}
	}
	if served[keys[0]] != 1 || served[keys[1]] != 5 || served[keys[2]] != 1 || served[keys[3]] != 5 {
		t.Errorf("%v", served)
	}
}

// TestBacklogIsBounded: it gives about as much as it was asked for, changes before
// new messages, and never nothing.
func TestBacklogIsBounded(t *testing.T) {
	c, s, _ := sample(t)
	for range 50 {
		send(t, c, s, lobby, strings.Repeat("x", 1000))
	}
	for _, bytes := range []int{0, 100, 5000, 1 << 20} {
		rows, done := c.Backlog(bytes)
		sum := 0
		for _, r := range rows {
			sum += len(r.Message)
		}
		if len(rows) == 0 || len(rows) > 1 && sum > bytes || len(done) != 1 || rows[0].Seq != 3 {
			t.Errorf("%d bytes: %d rows of %d, %+v", bytes, len(rows), sum, done)
		}
		if bytes == 100 && (done[0] != ArchivedRequest{lobby, 260, 2}) {
			t.Errorf("%+v", done)
		}
	}
}

// TestArchivedComesLate: acknowledgements of archivers that overtook each other
// never count for what was not stored.
func TestArchivedComesLate(t *testing.T) {
	c, s := New(), newShelf()
	for range 4 {
		send(t, c, s, lobby, "x")
	}
	allRows, all := c.Backlog(1 << 20) // an archiver that is slow
	if _, err := do(c, s, &server, KindRemove, 9, &RemoveRequest{lobby, 4}, DecodeChangeReply); err != nil {
		t.Fatal(err)
	}
	one, first := c.Backlog(1) // and one that is not
	for _, x := range []struct {
		rows []Row
		done []ArchivedRequest
	}{{one, first}, {allRows, all}} {
		if err := s.Store(x.rows); err != nil {
			t.Fatal(err)
		}
		if err := acknowledge(c, x.done); err != nil {
			t.Fatal(err)
		}
	}
	if !c.Pending() {
		t.Fatal("the removal is not pending")
	}
	archiveAll(t, c, s, 1)
	if m, err := parse(s.rows[lobby][4]); err != nil || !m.Removed {
		t.Fatalf("%+v, %v", m, err)
	}
}

// TestAnOlderAcknowledgementCountsForNothing: one that is behind in messages or in
// changes, from an archiver that was overtaken, takes nothing back.
func TestAnOlderAcknowledgementCountsForNothing(t *testing.T) {
	c, s := New(), newShelf()
	for range TailMessages + 50 {
		send(t, c, s, lobby, "x")
	}
	r := UpdateRequest{lobby, TailMessages + 9, "y"}
	if _, err := do(c, s, &server, KindUpdate, 9, &r, DecodeChangeReply); err != nil {
		t.Fatal(err)
	}
	archiveAll(t, c, s, 1<<20)
	before := gridtest.Encode(c)
	all := uint64(TailMessages + 50)
	for _, late := range []ArchivedRequest{{lobby, all, 0}, {lobby, 10, 1}, {lobby, 0, 1}, {lobby, 0, 0}} {
		if err := acknowledge(c, []ArchivedRequest{late}); err != nil {
			t.Fatal(err)
		}
		if c.Pending() || !bytes.Equal(gridtest.Encode(c), before) {
			t.Fatalf("%+v changed the channel", late)
		}
	}
}
