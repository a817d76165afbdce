package disk

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gate"
)

// smallDisk is a disk of a size; used is what is taken of it beside the files.
type smallDisk struct {
	*vfs.MemFS
	mu struct {
		sync.Mutex
		total, used int64
	}
}

func (d *smallDisk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ballast := int64(0)
	if info, err := d.Stat(ballastName); err == nil {
		ballast = info.Size()
	}
	return vfs.DiskUsage{TotalBytes: uint64(d.mu.total),
		AvailBytes: uint64(max(0, d.mu.total-d.mu.used-ballast))}, nil
}

func (d *smallDisk) use(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mu.used = bytes
}

func newSmallDisk(total int64) *smallDisk {
	d := &smallDisk{MemFS: vfs.NewMem()}
	d.mu.total = total
	return d
}

func watch(t *testing.T, d vfs.FS, o SpaceOptions) (*Space, *gate.Gate) {
	t.Helper()
	var g gate.Gate
	o.FS, o.Dir, o.Clock, o.Gate = d, ".", clock.Real(), &g
	s, err := OpenSpace(o)
	if err != nil {
		t.Fatal(err)
	}
	return s, &g
}

// look waits for the next look.
func look() {
	time.Sleep(lookEvery + waitEvery)
	synctest.Wait()
}

func refuses(t *testing.T, when string, g *gate.Gate, grows, enters, frees bool) {
	t.Helper()
	for d, want := range map[gate.Demand]bool{gate.Grows: grows, gate.Enters: enters, gate.Frees: frees} {
		err := g.Check(d)
		if (err != nil) != want {
			t.Errorf("%s: demand %d: %v", when, d, err)
		}
		if err == nil {
			continue
		}
		if f := fault.Of(err); f.Code != fault.ResourceExhausted || f.Retry == 0 ||
			!strings.Contains(f.Message, "disk_free_min") {
			t.Errorf("%s: demand %d: %v", when, d, err)
		}
	}
}

// Writes are refused below FreeMin, and taken again only above a fifth more.
func TestSpaceKeepsSomeFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newSmallDisk(10_000)
		s, g := watch(t, d, SpaceOptions{FreeMin: 1000, BallastBytes: -1})
		defer s.Close()
		for _, c := range []struct {
			free int64
			low  bool
		}{{1000, false}, {999, true}, {1000, true}, {1199, true}, {1200, false}, {1000, false}} {
			d.use(10_000 - c.free)
			look()
			refuses(t, fmt.Sprint(c.free, " free"), g, c.low, false, false)
			if st := s.Stats(); st.Low != c.low || st.FreeBytes != c.free || st.Full {
				t.Errorf("%d free: %+v", c.free, st)
			}
		}
	})
}

// The ballast is given up for the first write that finds no space, and that write
// goes on; it is made again when there is room for all.
func TestBallastIsGivenUpAndRestored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newSmallDisk(10_000)
		s, g := watch(t, d, SpaceOptions{FreeMin: 1000, BallastBytes: 500})
		defer s.Close()
		refuses(t, "at the start", g, false, false, false)
		if st := s.Stats(); !st.Ballast || st.FreeBytes != 9500 {
			t.Errorf("at the start: %+v", st)
		}
		d.use(9500)
		if !s.more(syscall.ENOSPC, false) || s.Stats().Ballast || s.Stats().Full {
			t.Errorf("a full disk: %+v", s.Stats())
		}
		refuses(t, "without ballast", g, true, false, false)
		if s.more(syscall.ENOSPC, false) {
			t.Error("who cannot wait tries again with no ballast")
		}
		d.use(10_000 - 1200 - 499)
		look()
		refuses(t, "almost enough", g, true, false, false)
		d.use(10_000 - 1200 - 500)
		look()
		refuses(t, "enough", g, false, false, false)
		if st := s.Stats(); !st.Ballast || st.FreeBytes != 1200 || st.Low {
			t.Errorf("enough: %+v", st)
		}
	})
}

// A write without ballast waits, everything is refused meanwhile, and it goes on
// from where it stopped.
func TestAWriteWaitsForSpaceAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newSmallDisk(10_000)
		s, g := watch(t, d, SpaceOptions{FreeMin: 1000, BallastBytes: -1})
		latch := NewLatch(func(err error) { t.Error(err) })
		latch.Arm()
		half := &halfWriter{FS: d}
		f, err := NewGuard(half, latch, s, nil).Create("a", vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		written := make(chan error, 1)
		half.full.Store(true)
		go func() {
			n, err := f.Write([]byte("one whole sentence"))
			written <- errors.Join(err, map[bool]error{false: errors.New("short")}[n == 18])
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		refuses(t, "while it waits", g, true, true, true)
		if st := s.Stats(); st.Waiting != 1 || !st.Full {
			t.Errorf("while it waits: %+v", st)
		}
		half.full.Store(false)
		if err := <-written; err != nil {
			t.Error(err)
		}
		look()
		look()
		refuses(t, "after it", g, false, false, false)
		s.Close()
		if err := f.Close(); err != nil || latch.Err() != nil {
			t.Error(err, latch.Err())
		}
		if b := readAll(t, d, "a"); b != "one whole sentence" {
			t.Errorf("written: %q", b)
		}
	})
}

func readAll(t *testing.T, fs vfs.FS, name string) string {
	t.Helper()
	f, err := fs.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A start finds the ballast of the last one, and makes another where that was not
// made to its end; without room it makes none, and refuses writes.
func TestBallastOverStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newSmallDisk(10_000)
		o := SpaceOptions{FreeMin: 1000, BallastBytes: 500}
		for _, bytes := range []int64{500, 700, 700} {
			o.BallastBytes = bytes
			s, g := watch(t, d, o)
			refuses(t, "with room", g, false, false, false)
			if info, err := d.Stat(ballastName); err != nil || info.Size() != bytes {
				t.Errorf("%v, %v, want %d bytes", info, err, bytes)
			}
			s.Close()
		}
		d.use(9200)
		s, g := watch(t, d, o) // it is there, and not enough beside it
		refuses(t, "a full disk with ballast", g, true, false, false)
		s.Close()
		if err := d.Remove(ballastName); err != nil {
			t.Fatal(err)
		}
		d.use(8500) // enough to write, not enough for the ballast beside
		s, g = watch(t, d, o)
		refuses(t, "no room for the ballast", g, true, false, false)
		if st := s.Stats(); st.Ballast || !st.Low {
			t.Errorf("no room for the ballast: %+v", st)
		}
		s.Close()
		refuses(t, "closed", g, false, false, false)
	})
}

// A ballast that cannot be made though there is room is tried again, not too often,
// and writes are refused until it is there.
func TestABallastThatCannotBeMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &quota{smallDisk: newSmallDisk(10_000)}
		s, g := watch(t, q, SpaceOptions{FreeMin: 1000, BallastBytes: 500})
		defer s.Close()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		refuses(t, "without it", g, true, false, false)
		if n := q.tries.Load(); n < 10 || n > 25 {
			t.Errorf("tried %d times in ten minutes", n)
		}
		q.off.Store(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		refuses(t, "with it", g, false, false, false)
	})
}

// A file system that cannot say how much is free has all that is asked for, and
// the defaults fit disks of all sizes.
func TestSpaceDefaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, g := watch(t, vfs.NewMem(), SpaceOptions{})
		refuses(t, "unknown", g, false, false, false)
		if st := s.Stats(); st.Known || st.BallastBytes != 0 || st.FreeMinBytes != 0 {
			t.Errorf("unknown: %+v", st)
		}
		s.Close()
		for _, c := range [][3]int64{
			{100 << 20, 25 << 20, 100 << 20 / 16},
			{512 << 20, 64 << 20, 32 << 20},
			{8 << 30, 8 << 30 / 20, 128 << 20},
			{8 << 40, 1 << 30, 128 << 20},
		} {
			d := newSmallDisk(c[0])
			d.use(c[0]) // no room, so that none is made
			s, _ := watch(t, d, SpaceOptions{})
			if st := s.Stats(); st.FreeMinBytes != c[1] || st.BallastBytes != c[2] {
				t.Errorf("%d bytes: %+v", c[0], st)
			}
			s.Close()
		}
	})
}
