package memory

import (
	"math"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gate"
)

func refused(t *testing.T, when string, g *gate.Gate, want bool) {
	t.Helper()
	err := g.Check(gate.Grows)
	if (err != nil) != want || (g.Check(gate.Enters) != nil) != want {
		t.Errorf("%s: %v", when, err)
	}
	if f := fault.Of(err); err != nil && (f.Code != fault.ResourceExhausted || f.Retry == 0 ||
		!strings.Contains(f.Message, "memory_limit")) {
		t.Errorf("%s: %v", when, err)
	}
	if err := g.Check(gate.Frees); err != nil {
		t.Errorf("%s: what frees: %v", when, err)
	}
}

// The gate closes above the limit and opens a tenth below it.
func TestWatcherClosesAndOpensTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var used atomic.Int64
		var g gate.Gate
		w, err := Watch(Options{Clock: clock.Real(), Gate: &g, LimitBytes: 1000,
			InUse: used.Load, Collect: func() {}})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			used int64
			high bool
		}{{900, false}, {1000, false}, {1001, true}, {1000, true}, {900, true}, {899, false}, {1000, false}} {
			used.Store(c.used)
			time.Sleep(2 * lookEvery)
			synctest.Wait()
			refused(t, "", &g, c.high)
			if s := w.Stats(); s.High != c.high || s.UsedBytes != c.used || (s.HighFor > 0) != c.high {
				t.Errorf("%d in use: %+v", c.used, s)
			}
		}
		used.Store(2000)
		time.Sleep(2 * lookEvery)
		synctest.Wait()
		w.Close()
		refused(t, "closed", &g, false)
		time.Sleep(time.Minute)
		refused(t, "long closed", &g, false)
	})
}

// While the gate is closed garbage is collected, which may open it, and never for
// more than a small part of the time.
func TestWatcherCollectsWhileItRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var used, collected atomic.Int64
		var g gate.Gate
		const takes = 200 * time.Millisecond
		w, err := Watch(Options{Clock: clock.Real(), Gate: &g, LimitBytes: 1000, InUse: used.Load,
			Collect: func() { collected.Add(1); time.Sleep(takes) }})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		time.Sleep(time.Minute)
		if n := collected.Load(); n != 0 {
			t.Errorf("%d collections with the gate open", n)
		}
		used.Store(1001)
		time.Sleep(time.Minute)
		if n := collected.Load(); n < 10 || n > int64(time.Minute/takes/collectShare)+1 {
			t.Errorf("%d collections in a minute, of %v each", n, takes)
		}
	})
}

// What is kept counts, and garbage does not.
func TestInUseIsWhatIsKept(t *testing.T) {
	const bytes = 64 << 20
	s := newSampler()
	runtime.GC()
	before := s.inUse()
	kept := make([]byte, bytes)
	for i := range kept {
		kept[i] = 1
	}
	runtime.GC()
	if n := s.inUse() - before; n < bytes*9/10 || n > bytes*3/2 {
		t.Errorf("%d bytes more are in use, %d are kept", n, bytes)
	}
	runtime.KeepAlive(kept)
	kept = nil
	runtime.GC()
	if n := s.inUse() - before; n > bytes/4 {
		t.Errorf("%d bytes more are in use, none is kept", n)
	}
}

// The runtime is told to collect a tenth above the limit, and a lower limit that it
// was given stays.
func TestTheRuntimeIsToldTheLimit(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	debug.SetMemoryLimit(math.MaxInt64)
	for _, limit := range []int64{10 << 30, 20 << 30} {
		w, err := Watch(Options{Clock: clock.Real(), Gate: &gate.Gate{}, LimitBytes: limit})
		if err != nil {
			t.Fatal(err)
		}
		w.Close()
		if got := debug.SetMemoryLimit(-1); got != 11<<30 {
			t.Errorf("limit %d: the runtime has %d", limit, got)
		}
	}
}

func TestHowMuchMemoryThereIs(t *testing.T) {
	if n, ok := parseMachine([]byte("MemFree: 3 kB\nMemTotal:  24680448 kB\n")); !ok || n != 24680448<<10 {
		t.Errorf("machine: %d, %v", n, ok)
	}
	for _, bad := range []string{"", "MemTotal:\n", "MemTotal: x kB\n", "MemTotal: 1 MB\n"} {
		if n, ok := parseMachine([]byte(bad)); ok {
			t.Errorf("%q: %d", bad, n)
		}
	}
	if n, ok := parseGroup([]byte("1073741824\n")); !ok || n != 1<<30 {
		t.Errorf("group: %d, %v", n, ok)
	}
	if n, ok := parseGroup([]byte("max\n")); ok {
		t.Errorf("a group without limit: %d", n)
	}
	if n, err := Total(); err != nil || n < 64<<20 {
		t.Errorf("this machine has %d bytes, %v", n, err)
	}
}
