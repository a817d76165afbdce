package disk

import (
	"sync/atomic"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// quota is a file system that has space, and gives none of it.
type quota struct {
	*smallDisk
	tries atomic.Int64
	off   atomic.Bool
}

func (q *quota) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if q.tries.Add(1); !q.off.Load() {
		return nil, syscall.EDQUOT
	}
	return q.smallDisk.Create(name, c)
}

// halfWriter is a file system that has, while it is full, room for half of what is
// left of a write, once, and then for nothing.
type halfWriter struct {
	vfs.FS
	full, half atomic.Bool
}

func (h *halfWriter) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := h.FS.Create(name, c)
	return halfFile{f, h}, err
}

type halfFile struct {
	vfs.File
	fs *halfWriter
}

func (f halfFile) Write(p []byte) (int, error) {
	if !f.fs.full.Load() {
		return f.File.Write(p)
	}
	if f.fs.half.Swap(true) {
		return 0, syscall.ENOSPC
	}
	n, err := f.File.Write(p[:len(p)/2])
	if err == nil {
		err = syscall.ENOSPC
	}
	return n, err
}
