package disk

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// ErrReadOnly is why ReadOnly refuses a change.
var ErrReadOnly = errors.New("this is only looked at, and not changed")

// ReadOnly returns a file system that shows another and changes nothing of it, so that what
// belongs to a node can be looked at. A lock is granted without one: it would make a file.
// Who looks must know by Held that nobody else writes.
func ReadOnly(fsys vfs.FS) vfs.FS { return readOnly{fsys} }

type readOnly struct{ vfs.FS }

func refuse(what, name string) error {
	return &fs.PathError{Op: what, Path: name, Err: ErrReadOnly}
}

type noLock struct{}

func (noLock) Close() error { return nil }

// Lock implements vfs.FS.
func (readOnly) Lock(string) (io.Closer, error) { return noLock{}, nil }

// Unwrap implements vfs.FS.
func (r readOnly) Unwrap() vfs.FS { return r.FS }

// Create implements vfs.FS.
func (readOnly) Create(name string, _ vfs.DiskWriteCategory) (vfs.File, error) {
	return nil, refuse("create", name)
}

// OpenReadWrite implements vfs.FS.
func (readOnly) OpenReadWrite(
	name string, _ vfs.DiskWriteCategory, _ ...vfs.OpenOption,
) (vfs.File, error) {
	return nil, refuse("open to write", name)
}

// ReuseForWrite implements vfs.FS.
func (readOnly) ReuseForWrite(oldname, _ string, _ vfs.DiskWriteCategory) (vfs.File, error) {
	return nil, refuse("reuse", oldname)
}

// Link implements vfs.FS.
func (readOnly) Link(oldname, _ string) error { return refuse("link", oldname) }

// Remove implements vfs.FS.
func (readOnly) Remove(name string) error { return refuse("remove", name) }

// RemoveAll implements vfs.FS.
func (readOnly) RemoveAll(name string) error { return refuse("remove", name) }

// Rename implements vfs.FS.
func (readOnly) Rename(oldname, _ string) error { return refuse("rename", oldname) }

// MkdirAll implements vfs.FS.
func (readOnly) MkdirAll(dir string, _ os.FileMode) error { return refuse("make directory", dir) }
