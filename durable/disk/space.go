package disk

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/gate"
)

// SpaceOptions say what a Space watches. FS, Dir and Clock must be set.
type SpaceOptions struct {
	FS     vfs.FS
	Dir    string // the data directory, which is there
	Clock  clock.Clock
	Gate   *gate.Gate   // closed while there is too little space; nil: nobody's
	Logger *slog.Logger // nil: nothing is logged

	// FreeMin is how many bytes stay free: below it, what makes the state larger is
	// refused, until a fifth more is free. 0: a twentieth of the disk, but 64 MiB to
	// 1 GiB, and at most a quarter of it. Negative: nothing is kept free.
	FreeMin int64
	// BallastBytes is the size of the file that is given up when a write finds no
	// space. 0: a sixteenth of the disk, at most 128 MiB. Negative: there is none.
	BallastBytes int64
}

// How often a Space looks: at all, and while a write waits for space; and when it
// tries again to make a ballast that could not be made.
const (
	lookEvery    = time.Second
	waitEvery    = 100 * time.Millisecond
	restorePause = 30 * time.Second
)

// Space watches the room on the disk of a data directory: see doc.go. Any goroutine
// may call its methods. A nil *Space watches nothing.
type Space struct {
	o    SpaceOptions
	stop chan struct{}

	mu struct {
		sync.Mutex
		ballast ballast
		known   bool          // the file system says how much is free
		free    int64         // bytes, at the last look
		total   int64         // bytes of the disk
		low     bool          // what makes the state larger is refused
		full    bool          // everything is: a write waits for space
		met     bool          // a write met a full disk since the last look
		waiting int           // writes that wait
		news    chan struct{} // closed and replaced by each look
		since   int64         // of low, µs
		// restoreAt is when the ballast may be made again after that has failed, µs.
		restoreAt int64
		timer     clock.Timer
		gaveUp    bool // nobody waits any more
		closed    bool
	}
}

// ErrGivenUp is in the error of a write that found no space and was not waited for,
// because the node is being stopped. The disk is not to blame: what was to be written
// was never acknowledged, and what is on disk is as a power cut would leave it.
var ErrGivenUp = errors.New("the node was stopped before there was space on the disk")

// OpenSpace looks for the first time, makes the ballast if there is room for it,
// and goes on looking until Close.
func OpenSpace(o SpaceOptions) (*Space, error) {
	if o.FS == nil || o.Dir == "" || o.Clock == nil {
		return nil, errors.New("watch the disk: FS, Dir and Clock must be set")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Space{o: o, stop: make(chan struct{})}
	s.mu.news = make(chan struct{})
	s.measure()
	if s.o.FreeMin == 0 {
		s.o.FreeMin = min(max(s.mu.total/20, 64<<20), 1<<30, s.mu.total/4)
	}
	if s.o.BallastBytes == 0 {
		s.o.BallastBytes = min(s.mu.total/16, 128<<20)
	}
	s.o.FreeMin, s.o.BallastBytes = max(0, s.o.FreeMin), max(0, s.o.BallastBytes)
	s.mu.ballast = ballast{
		fs: o.FS, path: o.FS.PathJoin(o.Dir, ballastName), bytes: s.o.BallastBytes,
	}
	if err := s.mu.ballast.find(); err != nil {
		return nil, fmt.Errorf("watch the disk: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.timer = o.Clock.AfterFunc(lookEvery, s.look)
	s.judge()
	return s, nil
}

// measure asks the file system. Where it cannot say, only a write that finds no
// space tells that there is none.
func (s *Space) measure() {
	usage, err := s.o.FS.GetDiskUsage(s.o.Dir)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.known = err == nil
	s.mu.free, s.mu.total = int64(usage.AvailBytes), int64(usage.TotalBytes)
}

// look measures, acts on it, and lets the writes that wait try again.
func (s *Space) look() {
	s.measure()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.closed {
		return
	}
	if !s.mu.met && s.mu.waiting == 0 {
		s.setFull(false)
	}
	s.mu.met = false
	s.judge()
	close(s.mu.news)
	s.mu.news = make(chan struct{})
	every := lookEvery
	if s.mu.full {
		every = waitEvery
	}
	s.mu.timer.Reset(every)
}

// judge restores the ballast when there is room for it, and decides whether to
// refuse what makes the state larger. The caller holds the lock.
func (s *Space) judge() {
	keep := s.o.FreeMin
	if s.mu.low {
		keep += keep / 5
	}
	b := &s.mu.ballast
	if b.bytes > 0 && !b.there && !s.mu.full && s.enough(keep+b.bytes) {
		s.restore()
	}
	s.setLow(!s.enough(keep) || b.bytes > 0 && !b.there)
}

// restore makes the ballast. Where that fails though there is room, because of a
// quota say, it is tried again after a while only. The caller holds the lock.
func (s *Space) restore() {
	now := s.o.Clock.Micros()
	if now < s.mu.restoreAt {
		return
	}
	if err := s.mu.ballast.make(); err != nil {
		s.mu.restoreAt = now + restorePause.Microseconds()
		s.o.Logger.Warn("the ballast file could not be made", "tried_again_in", restorePause,
			"error", err)
		return
	}
	s.mu.free -= s.mu.ballast.bytes
}

func (s *Space) enough(bytes int64) bool { return !s.mu.known || s.mu.free >= bytes }

// more is asked by a change of the disk that failed with err, and says whether to
// try it again: after it has given up the ballast, or, for who is patient, after it
// has waited for the next look.
func (s *Space) more(err error, patient bool) bool {
	if s == nil || !IsFull(err) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.closed {
		return false
	}
	if b := &s.mu.ballast; b.there {
		err := b.remove()
		s.setLow(true)
		s.o.Logger.Warn("a write found the disk full: the ballast file was given up for it",
			"dir", s.o.Dir, "bytes", b.bytes, "error", err)
		return err == nil
	}
	if !patient || s.mu.gaveUp {
		return false
	}
	s.setFull(true)
	s.mu.met = true
	s.mu.waiting++
	news := s.mu.news
	s.mu.Unlock()
	select {
	case <-news:
	case <-s.stop:
	}
	s.mu.Lock()
	s.mu.waiting--
	return !s.mu.gaveUp
}

// blame returns what to say of a change that failed with err and is not repeated.
func (s *Space) blame(err error) error {
	if s == nil || !IsFull(err) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.gaveUp {
		return fmt.Errorf("%w: %w", ErrGivenUp, err)
	}
	return err
}

// GiveUp is for who stops the node: from now on nobody waits for space. Writes that do,
// and later ones that find none even in the ballast, fail with ErrGivenUp.
func (s *Space) GiveUp() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.giveUp()
}

// giveUp is GiveUp for who holds the lock.
func (s *Space) giveUp() {
	if !s.mu.gaveUp {
		s.mu.gaveUp = true
		close(s.stop)
	}
}

// Close ends the watch, gives up, and opens the gate. The ballast stays.
func (s *Space) Close() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.closed {
		return
	}
	s.mu.closed = true
	s.mu.timer.Stop()
	s.giveUp()
	s.o.Gate.Open(gate.DiskLow)
	s.o.Gate.Open(gate.DiskFull)
}
