package host

import (
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// syncSpy keeps what a power cut would leave after each sync, or after the one that left counts down to.
type syncSpy struct {
	vfs.FS
	mem    *vfs.MemFS
	mu     sync.Mutex
	clones []*vfs.MemFS
	left   int
	cut    func() // called before that one; nil: nothing is
}

func (s *syncSpy) note() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left > 0 {
		if s.left--; s.left > 0 {
			return
		}
		s.left = math.MaxInt
		if s.cut != nil {
			s.cut()
		}
	}
	s.clones = append(s.clones, s.mem.CrashClone(vfs.CrashCloneCfg{}))
}

func (s *syncSpy) wrap(f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return spied{f, s}, nil
}

func (s *syncSpy) Create(n string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return s.wrap(s.FS.Create(n, c))
}

func (s *syncSpy) ReuseForWrite(a, b string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return s.wrap(s.FS.ReuseForWrite(a, b, c))
}

func (s *syncSpy) OpenDir(n string) (vfs.File, error) { return s.wrap(s.FS.OpenDir(n)) }

func (s *syncSpy) OpenReadWrite(
	n string, c vfs.DiskWriteCategory, o ...vfs.OpenOption,
) (vfs.File, error) {
	return s.wrap(s.FS.OpenReadWrite(n, c, o...))
}

type spied struct {
	vfs.File
	s *syncSpy
}

func (f spied) Sync() error     { defer f.s.note(); return f.File.Sync() }
func (f spied) SyncData() error { defer f.s.note(); return f.File.SyncData() }
func (f spied) SyncTo(n int64) (bool, error) {
	defer f.s.note()
	return f.File.SyncTo(n)
}

// TestAPowerCutDuringTheFirstStart cuts the power after each sync of the first
// start: whichever it was, the next start serves.
func TestAPowerCutDuringTheFirstStart(t *testing.T) {
	mem := vfs.NewCrashableMem()
	spy := &syncSpy{FS: mem, mem: mem}
	if err := open(t, spy, nil).Close(); err != nil {
		t.Fatal(err)
	}
	spy.mu.Lock()
	clones := spy.clones
	spy.mu.Unlock()
	for i, c := range clones {
		t.Run(fmt.Sprint("sync=", i), func(t *testing.T) {
			if err := open(t, c, nil).Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
