package sim

import (
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/gate"
)

// What a simulated disk says it has, and of that has free while it is not full.
const (
	diskBytes    = 1 << 30
	diskFreeMin  = 1 << 20
	ballastBytes = 64 << 10
)

// fill takes all space of a node's disk for a while, and it stays full however often the
// node starts meanwhile. What the ballast gives back is taken, too, at once.
func (w *world) fill(n *node, d time.Duration) {
	set := func(full bool) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.disk.setFull(full)
		w.count(func(s *stats) { s.waits += n.space.Stats().Waiting })
	}
	set(true)
	w.count(func(s *stats) { s.filled++ })
	w.later(d, func() { set(false) })
}

func (d *simDisk) setFull(full bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = full
}

// noSpace is asked by all that needs space.
func (d *simDisk) noSpace() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full {
		d.met++
		return syscall.ENOSPC
	}
	return nil
}

// usage is what the file system says of its space.
func (d *simDisk) usage() vfs.DiskUsage {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.full {
		return vfs.DiskUsage{TotalBytes: diskBytes, UsedBytes: diskBytes}
	}
	return vfs.DiskUsage{TotalBytes: diskBytes, AvailBytes: diskBytes}
}

// watch watches a life's space, as a node does.
func (d *simDisk) watch(dir string, c clock.Clock, g *gate.Gate) (*disk.Space, error) {
	return disk.OpenSpace(disk.SpaceOptions{FS: spaceFS{d.mem, d}, Dir: dir, Clock: c, Gate: g,
		FreeMin: diskFreeMin, BallastBytes: ballastBytes})
}

// spaceFS is what watches the space sees. Syncs do not hang in it: the watch makes its
// ballast under its lock, and a bubble's clock stands still while somebody waits for that.
type spaceFS struct {
	vfs.FS
	d *simDisk
}

func (f spaceFS) GetDiskUsage(string) (vfs.DiskUsage, error) { return f.d.usage(), nil }

func (f spaceFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if err := f.d.noSpace(); err != nil {
		return nil, err
	}
	return f.FS.Create(name, c)
}

// Write writes half of what it should, and nothing more, when there is no space.
func (f faultyFile) Write(p []byte) (int, error) {
	err := f.d.noSpace()
	if err == nil {
		return f.File.Write(p)
	}
	n := 0
	if f.d.lastBytes() {
		n, _ = f.File.Write(p[:len(p)/2])
	}
	return n, err
}

// lastBytes says, every other time, that a disk that is full has yet room for a part.
func (d *simDisk) lastBytes() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.met%2 == 0
}
