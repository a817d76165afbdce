package disk

import (
	"fmt"
	"os"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Guard stands between Pebble and the disk.
//
// It latches the first failure of anything that changes the disk, and then
// freezes the disk: later changes go to a file system in memory and succeed.
// Returning the error instead would be the simpler design, but Pebble answers
// it with a panic under its locks (a WAL that cannot be rotated) or by trying
// again for ever (a flush), and then cannot be closed. Frozen, it comes to rest
// and changes nothing more, so nothing that recovery needs is thrown away
// because of a file that was never written. Nobody is told of a success: the
// latch is to be checked after every commit.
//
// A full disk is no failure as long as there may be space again: a change that
// finds none is repeated, from where it stopped, as long as the Space says so. A
// sync is never repeated. While Pebble is being opened nobody waits for space.
type Guard struct {
	vfs.FS
	latch  *Latch
	space  *Space
	before func(name string) error

	frozen sync.Once
	void   *vfs.MemFS // takes the changes once the disk is frozen
}

// NewGuard returns a guard over a file system. Space says what to do when it is
// full; nil: that is a failure like any other. Before, where not nil, is called
// before a file is removed or written over.
func NewGuard(
	fs vfs.FS, latch *Latch, space *Space, before func(name string) error,
) *Guard {
	if before == nil {
		before = func(string) error { return nil }
	}
	return &Guard{FS: fs, latch: latch, space: space, before: before}
}

// do runs one change of the disk, again while there is no space for it, or its
// stand-in once the disk is frozen.
func (g *Guard) do(what, name string, real, void func() error) error {
	return g.once(what, name, func() error {
		err := real()
		for err != nil && g.space.more(err, g.latch.Armed()) && g.latch.Err() == nil {
			err = real()
		}
		return g.space.blame(err)
	}, void)
}

// once is do for what must not be repeated.
func (g *Guard) once(what, name string, real, void func() error) error {
	if g.latch.Err() == nil {
		err := real()
		if err == nil {
			return nil
		}
		_ = g.latch.Fail(fmt.Errorf("%s %s: %w", what, name, err))
	}
	g.frozen.Do(func() { g.void = vfs.NewMem() })
	return void()
}

// file is do for what opens a file.
func (g *Guard) file(
	what, name string, open func(vfs.FS) (vfs.File, error),
) (f vfs.File, err error) {
	err = g.do(what, name, func() error {
		if f, err = open(g.FS); err == nil {
			f = &guardFile{File: f, fs: g, name: name}
		}
		return err
	}, func() error {
		if err := g.void.MkdirAll(g.PathDir(name), 0o755); err != nil {
			return err
		}
		f, err = open(g.void)
		return err
	})
	return f, err
}

func nothing() error { return nil }

// Unwrap implements vfs.FS.
func (g *Guard) Unwrap() vfs.FS { return g.FS }

// Create implements vfs.FS.
func (g *Guard) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return g.file("create", name, func(fs vfs.FS) (vfs.File, error) { return fs.Create(name, c) })
}

// OpenReadWrite implements vfs.FS.
func (g *Guard) OpenReadWrite(
	name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption,
) (vfs.File, error) {
	return g.file("open", name, func(fs vfs.FS) (vfs.File, error) {
		return fs.OpenReadWrite(name, c, opts...)
	})
}

// OpenDir implements vfs.FS.
func (g *Guard) OpenDir(name string) (vfs.File, error) {
	f, err := g.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &guardFile{File: f, fs: g, name: name}, nil
}

// ReuseForWrite implements vfs.FS.
func (g *Guard) ReuseForWrite(
	oldname, newname string, c vfs.DiskWriteCategory,
) (vfs.File, error) {
	return g.file("reuse", oldname, func(fs vfs.FS) (vfs.File, error) {
		if fs == vfs.FS(g.void) {
			return fs.Create(newname, c)
		}
		if err := g.before(oldname); err != nil {
			return nil, err
		}
		return fs.ReuseForWrite(oldname, newname, c)
	})
}

// Open implements vfs.FS. What Pebble wrote since the disk froze is in memory.
func (g *Guard) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	if g.latch.Err() != nil {
		g.frozen.Do(func() { g.void = vfs.NewMem() })
		if f, err := g.void.Open(name, opts...); err == nil {
			return f, nil
		}
	}
	return g.FS.Open(name, opts...)
}

// Remove implements vfs.FS. A file that cannot be removed harms nobody, so that
// alone is not latched.
func (g *Guard) Remove(name string) error {
	if g.latch.Err() != nil {
		return nil
	}
	if err := g.before(name); err != nil {
		return err
	}
	return g.FS.Remove(name)
}

// RemoveAll implements vfs.FS.
func (g *Guard) RemoveAll(name string) error {
	if g.latch.Err() != nil {
		return nil
	}
	return g.FS.RemoveAll(name)
}

// Rename implements vfs.FS.
func (g *Guard) Rename(oldname, newname string) error {
	return g.do("rename", oldname, func() error { return g.FS.Rename(oldname, newname) },
		func() error {
			_ = g.void.Rename(oldname, newname) // it may lie on the frozen disk
			return nil
		})
}

// Link implements vfs.FS.
func (g *Guard) Link(oldname, newname string) error {
	return g.do("link", oldname, func() error { return g.FS.Link(oldname, newname) }, nothing)
}

// MkdirAll implements vfs.FS.
func (g *Guard) MkdirAll(dir string, perm os.FileMode) error {
	return g.do("make directory", dir,
		func() error { return g.FS.MkdirAll(dir, perm) }, nothing)
}
