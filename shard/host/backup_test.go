package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/durable/backup"
	records "github.com/thronggrid/throng/durable/record"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/chat/history"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/record"
	"github.com/thronggrid/throng/grid/session"
)

// openNode opens the shards and the record tables of a data directory, which they archive to.
func openNode(t testing.TB, fs vfs.FS) (*Host, *records.Store) {
	t.Helper()
	store, err := records.Open(records.Options{FS: fs, Dir: "data", Clock: clock.Real(),
		Tables: []*record.Table{history.Table},
		Fatal:  func(err error) { panic(err) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	h := openShards(t, fs, 4, func(o *Options) {
		o.Archive = history.New(store)
		o.LogBytesMax = 64 << 10
	})
	return h, store
}

func restoreTo(fs vfs.FS, b []byte) (backup.Summary, error) {
	r, err := backup.NewReader(bytes.NewReader(b), "b")
	if err != nil {
		return backup.Summary{}, err
	}
	return Restore(r, RestoreOptions{FS: fs, Dir: "data", Clock: clock.Real(),
		Logger: slog.New(slog.DiscardHandler), Secret: func(backup.Secret) error { return nil }})
}

const (
	crowdKeys   = 6   // boards, rooms and users
	crowdWrites = 150 // of each
)

// crowd writes all the time. It counts what was sent and what was acknowledged, of boards
// and of rooms.
type crowd struct {
	h           *Host
	t           *testing.T
	sent, acked [2][crowdKeys]atomic.Int64
	all         sync.WaitGroup
}

// start lets one goroutine write to each board, to each room, and track for each user.
func (c *crowd) start() {
	for k := range crowdKeys {
		c.all.Go(func() {
			w, name := newCaller(c.t, c.h), fmt.Sprint("b", k)
			w.must(grid.SlotOf(name), leaderboard.KindCreate, createBody(name))
			for range crowdWrites {
				c.sent[0][k].Add(1)
				w.must(grid.SlotOf(name), leaderboard.KindSubmit, submitBody(name, 1, 1))
				c.acked[0][k].Add(1)
				time.Sleep(time.Millisecond)
			}
		})
		c.all.Go(func() {
			w := newCaller(c.t, c.h)
			for i := range crowdWrites {
				c.sent[1][k].Add(1)
				w.say(k, fmt.Sprintf("<%d>", i+1))
				c.acked[1][k].Add(1)
				time.Sleep(time.Millisecond) // so that rounds of the archiver begin
			}
		})
		c.all.Go(func() {
			w, r := newCaller(c.t, c.h), rand.New(rand.NewPCG(7, uint64(k)))
			seat := w.open(c.h, userOf(k), uint64(k+1), false)
			for range 2 * crowdWrites {
				if r.IntN(2) == 0 {
					seat.track(r.IntN(crowdKeys), "")
				} else {
					seat.must(seat.slot(), session.KindUntrack, seat.untrackBody(r.IntN(crowdKeys)))
				}
			}
		})
	}
}

// counts returns what a counter of the crowd is now.
func counts(from *[2][crowdKeys]atomic.Int64) (out [2][crowdKeys]int64) {
	for i := range from {
		for k := range from[i] {
			out[i][k] = from[i][k].Load()
		}
	}
	return out
}

// TestABackupUnderLoadIsOneMoment: of each board and room it has all that was acknowledged
// before it began, and a first part of what came then. What shards and records say of each
// other fits together, so that the restored node goes on as if it had been stopped then.
func TestABackupUnderLoadIsOneMoment(t *testing.T) {
	for range 3 {
		synctest.Test(t, backUpUnderLoad)
	}
}

func backUpUnderLoad(t *testing.T) {
	h, store := openNode(t, vfs.NewMem())
	load := &crowd{h: h, t: t}
	load.start()
	for load.acked[0][0].Load() < crowdWrites/3 {
		time.Sleep(time.Millisecond)
	}
	var file bytes.Buffer
	low := counts(&load.acked)
	taken, err := h.Backup(t.Context(), &file, BackupOptions{Version: "v1", Records: store})
	high := counts(&load.sent)
	if err != nil {
		t.Fatal(err)
	}
	load.all.Wait()

	fs := vfs.NewMem()
	restored, err := restoreTo(fs, file.Bytes())
	if err != nil || !slices.Equal(restored.Parts, taken.Parts) || restored.Bytes != uint64(file.Len()) {
		t.Fatalf("restored %+v, %v; backed up were %+v", restored, err, taken)
	}
	again, archive := openNode(t, fs)
	if again.Incarnation() != h.Incarnation()+1 {
		t.Errorf("incarnation %d after %d", again.Incarnation(), h.Incarnation())
	}
	c := newCaller(t, again)
	between := func(what string, i, k int, got int64) {
		if got < low[i][k] || got > high[i][k] {
			t.Errorf("%s %d has %d, acknowledged before were %d, sent until its end %d",
				what, k, got, low[i][k], high[i][k])
		}
	}
	for k := range crowdKeys {
		between("board", 0, k, c.score(fmt.Sprint("b", k), 1, grid.Leader))
		between("room", 1, k, int64(last(t, again, k)))
	}
	goOn(t, again, c, history.New(archive))
}

// goOn has new messages and new sessions, and looks whether all is as if there had been no
// backup.
func goOn(t *testing.T, h *Host, c *caller, archive chat.Archive) {
	var want [crowdKeys]uint64
	for k := range crowdKeys {
		from := last(t, h, k)
		for i := range uint64(20) {
			c.say(k, fmt.Sprintf("<%d>", from+i+1))
		}
		want[k] = from + 20
		seat := c.open(h, userOf(k), uint64(100+k), false)
		for room := range crowdKeys {
			seat.track(room, "")
		}
	}
	time.Sleep(time.Second)
	synctest.Wait()
	agree(t, h, crowdKeys, crowdKeys)
	for k := range crowdKeys {
		if got := len(present(t, h, k)); got < crowdKeys {
			t.Errorf("%d sessions are in room %d, want %d and more", got, k, crowdKeys)
		}
		n := uint64(0)
		err := archive.Read(roomKey(k), chat.Range{From: 1, To: math.MaxInt64, Limit: 1 << 20},
			func(seq uint64, message []byte) bool {
				if n++; seq != n || !bytes.Contains(message, fmt.Appendf(nil, "<%d>", n)) {
					t.Errorf("room %d, message %d of the archive has the number %d: %q", k, n, seq, message)
				}
				return true
			})
		if err != nil || n != want[k] {
			t.Errorf("%d messages of room %d are archived, want %d (%v)", n, k, want[k], err)
		}
	}
}

// TestABackupOfANodeAtRest: of one on which nothing was ever written, and of one that has
// only just loaded a snapshot.
func TestABackupOfANodeAtRest(t *testing.T) {
	fs := vfs.NewMem()
	for i := range 3 {
		h, store := openNode(t, fs)
		var file bytes.Buffer
		taken, err := h.Backup(t.Context(), &file, BackupOptions{Version: "v1", Records: store})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range taken.Parts {
			if p.Kind == backup.KindShard && (p.Term == 0 || p.Index == 0) {
				t.Errorf("round %d: shard %d is backed up at (%d, %d)", i, p.Shard, p.Term, p.Index)
			}
		}
		if err := errors.Join(h.Close(), store.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := restoreTo(fs, file.Bytes()); err == nil || !strings.Contains(err.Error(), "not empty") {
			t.Errorf("a restore over a data directory: %v", err)
		}
		fs = vfs.NewMem() // the next round is of what this one restores
		if _, err := restoreTo(fs, file.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
}

// stuck is a writer that does not come back before it is told to.
type stuck struct{ begun, end chan struct{} }

func (s *stuck) Write([]byte) (int, error) {
	close(s.begun)
	<-s.end
	return 0, io.ErrClosedPipe
}

// TestOneBackupAtATime: a second one is refused, writes go on, and who goes away ends his.
func TestOneBackupAtATime(t *testing.T) {
	h, store := openNode(t, vfs.NewMem())
	o := BackupOptions{Version: "v1", Records: store}
	s := &stuck{make(chan struct{}), make(chan struct{})}
	ended := make(chan error, 1)
	go func() { _, err := h.Backup(t.Context(), s, o); ended <- err }()
	<-s.begun
	if _, err := h.Backup(t.Context(), io.Discard, o); fault.Of(err).Code != fault.ResourceExhausted {
		t.Errorf("a second backup: %v", err)
	}
	newCaller(t, h).say(1, "writes go on")
	close(s.end)
	if err := <-ended; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a backup that nobody takes: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Backup(ctx, io.Discard, o); err == nil {
		t.Error("a backup that was called off has ended well")
	}
	if _, err := h.Backup(t.Context(), io.Discard, o); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

// slow is a writer that takes its time over the first bytes, and takes all.
type slow struct {
	stuck
	first sync.Once
}

func (s *slow) Write(b []byte) (int, error) {
	s.first.Do(func() {
		close(s.begun)
		<-s.end
	})
	return len(b), nil
}

// TestAStopEndsABackup: a node that is closed while a backup is written waits for nobody who
// takes it, and the backup ends with an error.
func TestAStopEndsABackup(t *testing.T) {
	h, store := openNode(t, vfs.NewMem())
	s := &slow{stuck: stuck{make(chan struct{}), make(chan struct{})}}
	ended := make(chan error, 1)
	go func() {
		_, err := h.Backup(t.Context(), s, BackupOptions{Version: "v1", Records: store})
		ended <- err
	}()
	<-s.begun
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	close(s.end)
	if err := <-ended; err == nil {
		t.Error("a backup of a node that was closed meanwhile has ended well")
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
}

// TestARestoredNodeKnowsRequests: what was acknowledged before the backup is not done again
// when it is asked again under its id, after the restore.
func TestARestoredNodeKnowsRequests(t *testing.T) {
	h, store := openNode(t, vfs.NewMem())
	c := newCaller(t, h)
	c.write("b", leaderboard.KindCreate, createBody("b"))
	first := c.write("b", leaderboard.KindSubmit, submitBody("b", 1, 7))
	var file bytes.Buffer
	if _, err := h.Backup(t.Context(), &file, BackupOptions{Version: "v1", Records: store}); err != nil {
		t.Fatal(err)
	}
	fs := vfs.NewMem()
	if _, err := restoreTo(fs, file.Bytes()); err != nil {
		t.Fatal(err)
	}
	restored, _ := openNode(t, fs)
	again := newCaller(t, restored)
	again.seq = c.seq - 1
	if r := again.write("b", leaderboard.KindSubmit, submitBody("b", 1, 7)); r.err != nil ||
		!bytes.Equal(r.body, first.body) {
		t.Errorf("asked again: %+v, want %+v", r, first)
	}
	if got := again.score("b", 1, grid.Leader); got != 7 {
		t.Errorf("asked twice, counted %d, want 7", got)
	}
	again.write("b", leaderboard.KindSubmit, submitBody("b", 1, 1))
	if got := again.score("b", 1, grid.Leader); got != 8 {
		t.Errorf("with another write: %d, want 8", got)
	}
}
