package host

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/pack"
)

// shelf is an archive in memory, that can be made to fail and to stall.
type shelf struct {
	chat.Archive // nothing reads it here
	start        time.Time

	mu    sync.Mutex
	rows  map[string]map[uint64][]byte
	times []time.Duration // of calls of Store, since the start
	err   error
	cut   bool          // nothing is stored any more
	stall chan struct{} // Store waits until it is closed; nil: it does not
}

func newShelf() *shelf {
	return &shelf{start: time.Now(), rows: make(map[string]map[uint64][]byte)}
}

func (s *shelf) set(err error, stall chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.stall = err, stall
}

func (s *shelf) setCut(cut bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = cut
}

func (s *shelf) called() (stall chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times = append(s.times, time.Since(s.start))
	return s.stall, s.err
}

// calls returns when Store was called, and forgets it.
func (s *shelf) calls() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	times := s.times
	s.times = nil
	return times
}

func (s *shelf) Store(rows []chat.Row) error {
	stall, err := s.called()
	if stall != nil {
		<-stall
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cut {
		return io.ErrClosedPipe
	}
	for _, r := range rows {
		if s.rows[r.Key] == nil {
			s.rows[r.Key] = make(map[uint64][]byte)
		}
		m, _, err := chat.Merge(s.rows[r.Key][r.Seq], r.Message)
		if err != nil {
			return err
		}
		if m != nil {
			s.rows[r.Key][r.Seq] = m
		}
	}
	return nil
}

// count returns how many messages of a room are there, without gaps.
func (s *shelf) count(t testing.TB, room int) uint64 {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := s.rows[roomKey(room)]
	for seq := range uint64(len(rows)) {
		if rows[seq+1] == nil {
			t.Errorf("the archive has %d messages of room %d, but not number %d", len(rows), room, seq+1)
		}
	}
	return uint64(len(rows))
}

// sendBody returns the body of a server's message to a room.
func sendBody(room int, content string) []byte {
	r := chat.SendRequest{Key: roomKey(room), Content: content}
	who := grid.Caller{User: userOf(1), Server: true, Address: grid.Address{Session: 1}}
	in := pack.NewCursor(r.Append(nil))
	_, b, err := chat.Ops(&shelf{})[0].Prepare(&who, &in, r.Fields(), nil)
	if err != nil {
		panic(err)
	}
	return b
}

func (c *caller) say(room int, content string) {
	c.t.Helper()
	c.must(grid.SlotOf(roomKey(room)), chat.KindSend, sendBody(room, content))
}

// last returns the number of the newest message of a room.
func last(t testing.TB, h *Host, room int) uint64 {
	t.Helper()
	r := chat.InfoRequest{Key: roomKey(room)}
	in := pack.NewCursor(r.Append(nil))
	ops := chat.Ops(&shelf{})
	_, b, err := ops[len(ops)-1].Prepare(nil, &in, r.Fields(), nil)
	if err != nil {
		t.Fatal(err)
	}
	at := grid.SlotOf(roomKey(room))
	if b, err = h.group(at).machine.Query(at, chat.KindInfo, b, nil); err != nil {
		t.Fatal(err)
	}
	in = pack.NewCursor(b)
	reply, err := chat.DecodeInfoReply(&in)
	if err != nil {
		t.Fatal(err)
	}
	return reply.Last
}

// archived fails unless all messages are in the archive, and the slots know it.
func archived(t testing.TB, h *Host, s *shelf, rooms int) {
	t.Helper()
	for room := range rooms {
		if got, want := s.count(t, room), last(t, h, room); got != want {
			t.Errorf("%d messages of room %d are archived, of %d", got, room, want)
		}
	}
	for _, g := range h.Groups() {
		if owing := g.machine.Owing(nil); len(owing) > 0 {
			t.Errorf("shard %d: slots %v still have something to archive", g.number, owing)
		}
	}
}

// TestMessagesAreArchivedInBatches: the first at once, the others together.
func TestMessagesAreArchivedInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		h := open(t, vfs.NewMem(), func(o *Options) { o.Archive = s })
		c := newCaller(t, h)
		const rooms, each = 20, 5
		for i := range rooms * each {
			c.say(i%rooms, fmt.Sprint(i))
			if i == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		if got := s.calls(); len(got) != 1 {
			t.Errorf("rows were stored at %v: they do not come in batches", got)
		}
		time.Sleep(archiveEvery)
		synctest.Wait()
		if got := s.calls(); len(got) != 1 {
			t.Errorf("rows were stored at %v: they do not come in one batch", got)
		}
		archived(t, h, s, rooms)
		time.Sleep(time.Minute)
		if got := s.calls(); len(got) != 0 {
			t.Errorf("rows were stored at %v, and there were none", got)
		}
	})
}

// TestMuchIsArchivedSoon: it does not wait for its time.
func TestMuchIsArchivedSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		h := open(t, vfs.NewMem(), func(o *Options) { o.Archive = s })
		c := newCaller(t, h)
		c.say(0, "a little")
		synctest.Wait()
		began := s.calls()
		content := strings.Repeat("x", chat.ContentBytesMax)
		for i := range archiveBytesSoon/len(content) + 1 {
			c.say(1+i%8, content)
		}
		synctest.Wait()
		if got := s.calls(); len(began) != 1 || len(got) != 1 || got[0] >= began[0]+archiveEvery {
			t.Errorf("rows were stored at %v, then at %v: want so much sooner", began, got)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		archived(t, h, s, 9)
	})
}

// TestAnArchiveThatFailsIsTriedAgain: less and less often, and saying so once.
func TestAnArchiveThatFailsIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		var log strings.Builder
		h := open(t, vfs.NewMem(), func(o *Options) {
			o.Archive = s
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		})
		s.set(errors.New("the shelf is full"), nil)
		c := newCaller(t, h)
		const rooms = 5
		for i := range 60 {
			c.say(i%rooms, fmt.Sprint(i))
			time.Sleep(time.Second)
		}
		calls := s.calls()
		var waiting int64
		for _, z := range h.Sizes() {
			waiting += z.Unarchived.Count
		}
		if a := h.Stats().Archive; !a.Failing || a.Failed != uint64(len(calls)) || a.Rows != 0 || waiting != 60 {
			t.Errorf("%d messages wait, and the archiver says %+v", waiting, a)
		}
		if n := len(calls); n < 8 || n > 15 {
			t.Errorf("within a minute it was tried %d times: %v", n, calls)
		}
		c.open(h, userOf(1), 1, false).track(1, "") // duties do not wait for it
		synctest.Wait()
		if n := len(present(t, h, 1)); n != 1 {
			t.Errorf("%d sessions in the room, want 1", n)
		}
		s.set(nil, nil)
		time.Sleep(archivePauseMax)
		synctest.Wait()
		archived(t, h, s, rooms)
		if a := h.Stats().Archive; a.Failing || a.Rows != 60 || a.Stores.Count() <= a.Failed {
			t.Errorf("it works again, and the archiver says %+v", a)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		for text, want := range map[string]int{"the shelf is full": 1, "archived again": 1} {
			if got := strings.Count(log.String(), text); got != want {
				t.Errorf("%q was logged %d times, want %d:\n%s", text, got, want, log.String())
			}
		}
	})
}

// TestAnArchiveThatStallsHoldsNothingElse: commands and duties go their ways,
// and Close waits for it.
func TestAnArchiveThatStallsHoldsNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		h := open(t, vfs.NewMem(), func(o *Options) { o.Archive = s })
		stall := make(chan struct{})
		s.set(nil, stall)
		c := newCaller(t, h)
		c.say(1, "stuck")
		synctest.Wait()
		c.say(1, "waits")
		seat := c.open(h, userOf(1), 1, false)
		for room := range 20 {
			seat.track(room, "")
		}
		synctest.Wait()
		for room := range 20 {
			if n := len(present(t, h, room)); n != 1 {
				t.Errorf("%d sessions in room %d, want 1", n, room)
			}
		}
		closed := make(chan error, 1)
		go func() { closed <- h.Close() }()
		time.Sleep(time.Minute)
		select {
		case err := <-closed:
			t.Fatalf("Close has not waited for the archive: %v", err)
		default:
		}
		close(stall)
		if err := <-closed; err != nil {
			t.Error(err)
		}
	})
}

// TestMessagesAreArchivedAcrossCrashes cuts the power at any sync, while the
// archive fails now and then: in the end it has all messages.
func TestMessagesAreArchivedAcrossCrashes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rooms = 6
		r := rand.New(rand.NewPCG(3, 4))
		s := newShelf()
		disk := vfs.NewCrashableMem()
		for range 20 {
			spy := &syncSpy{FS: disk, mem: disk, left: 1 + r.IntN(150), cut: func() { s.setCut(true) }}
			h := open(t, spy, func(o *Options) {
				o.LogBytesMax = 4 << 10
				o.Archive = s
			})
			c := newCaller(t, h)
			for i := range 80 {
				c.say(r.IntN(rooms), fmt.Sprint(i))
				switch r.IntN(20) {
				case 0:
					time.Sleep(archiveEvery)
				case 1:
					s.set(io.ErrShortWrite, nil)
				case 2, 3:
					s.set(nil, nil)
				}
			}
			s.set(nil, nil)
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			if spy.clones == nil {
				spy.clones = append(spy.clones, disk.CrashClone(vfs.CrashCloneCfg{}))
			}
			disk = spy.clones[0]
			s.setCut(false)
		}
		h := open(t, disk, func(o *Options) { o.Archive = s })
		time.Sleep(archivePauseMax)
		synctest.Wait()
		archived(t, h, s, rooms)
	})
}
