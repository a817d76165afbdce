package sim

import (
	"errors"
	"math/rand/v2"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

var errDisk = errors.New("the simulated disk failed")

// simDisk is a node's file system in memory. A crash loses what was not synced;
// syncs can be made to fail or to hang, and writes to find no space (space_test.go).
type simDisk struct {
	mem *vfs.MemFS

	mu   sync.Mutex
	fail bool
	full bool
	met  int           // how often something found no space
	hang chan struct{} // syncs wait for it to be closed; nil: they do not
	// left counts syncs down to the one before which the power is cut; 0: none.
	left int
	cut  func()
}

func newDisk() *simDisk { return &simDisk{mem: vfs.NewCrashableMem()} }

// crash returns the disk as it is after a power cut at this moment: what was
// synced, and of the rest whatever share of it chance left. If only a share of
// it is left, all changes of directories are: a journal keeps those in order,
// which Pebble relies on when it puts a new manifest in place.
func (d *simDisk) crash(r *rand.Rand) *simDisk {
	share := 0
	if r.IntN(2) == 0 {
		share = r.IntN(101)
		d.syncDirs("/")
	}
	d.mu.Lock()
	full := d.full
	d.mu.Unlock()
	return &simDisk{full: full,
		mem: d.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: share, RNG: r})}
}

// syncDirs makes the entries of a directory and of all below it durable.
func (d *simDisk) syncDirs(dir string) {
	f, err := d.mem.OpenDir(dir)
	if err != nil {
		return // removed meanwhile
	}
	_ = f.Sync()
	_ = f.Close()
	names, _ := d.mem.List(dir)
	for _, name := range names {
		path := d.mem.PathJoin(dir, name)
		if info, err := d.mem.Stat(path); err == nil && info.IsDir() {
			d.syncDirs(path)
		}
	}
}

// fs returns the file system through which a node sees the disk.
func (d *simDisk) fs() vfs.FS { return faultyFS{FS: d.mem, d: d} }

func (d *simDisk) setFail() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = true
}

func (d *simDisk) failing() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fail
}

// cutAt lets the power be cut, by calling cut, just before the n-th sync from
// now; n 0: never.
func (d *simDisk) cutAt(n int, cut func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left, d.cut = n, cut
}

func (d *simDisk) setHang() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.hang == nil {
		d.hang = make(chan struct{})
	}
}

// release lets hanging syncs go on.
func (d *simDisk) release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.hang != nil {
		close(d.hang)
		d.hang = nil
	}
}

// arrive counts a sync and returns what it meets.
func (d *simDisk) arrive() (hang chan struct{}, cut func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left > 0 {
		if d.left--; d.left == 0 {
			cut = d.cut
		}
	}
	return d.hang, cut
}

// gate is passed by every sync.
func (d *simDisk) gate() error {
	hang, cut := d.arrive()
	if cut != nil {
		cut()
	}
	if hang != nil {
		<-hang
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail {
		return errDisk
	}
	return nil
}

type faultyFS struct {
	vfs.FS
	d *simDisk
}

func (f faultyFS) wrap(file vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return faultyFile{File: file, d: f.d}, nil
}

// open opens what needs space.
func (f faultyFS) open(open func() (vfs.File, error)) (vfs.File, error) {
	if err := f.d.noSpace(); err != nil {
		return nil, err
	}
	return f.wrap(open())
}

func (f faultyFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return f.open(func() (vfs.File, error) { return f.FS.Create(name, c) })
}

func (f faultyFS) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return f.wrap(f.FS.ReuseForWrite(from, to, c))
}

func (f faultyFS) OpenDir(name string) (vfs.File, error) { return f.wrap(f.FS.OpenDir(name)) }

func (f faultyFS) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return f.wrap(f.FS.OpenReadWrite(name, c, o...))
}

type faultyFile struct {
	vfs.File
	d *simDisk
}

func (f faultyFile) Sync() error {
	if err := f.d.gate(); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f faultyFile) SyncData() error {
	if err := f.d.gate(); err != nil {
		return err
	}
	return f.File.SyncData()
}

func (f faultyFile) SyncTo(n int64) (bool, error) {
	if err := f.d.gate(); err != nil {
		return false, err
	}
	return f.File.SyncTo(n)
}
