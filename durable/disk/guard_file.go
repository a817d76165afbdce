package disk

import "github.com/cockroachdb/pebble/v2/vfs"

// guardFile is a file or directory opened through a Guard.
type guardFile struct {
	vfs.File
	fs   *Guard
	name string
}

// Write implements vfs.File.
func (f *guardFile) Write(p []byte) (n int, err error) {
	err = f.fs.do("write", f.name, func() error {
		n, err = f.File.Write(p)
		return err
	}, nothing)
	if f.fs.latch.Err() != nil {
		n = len(p)
	}
	return n, err
}

// WriteAt implements vfs.File.
func (f *guardFile) WriteAt(p []byte, off int64) (n int, err error) {
	err = f.fs.do("write", f.name, func() error {
		n, err = f.File.WriteAt(p, off)
		return err
	}, nothing)
	if f.fs.latch.Err() != nil {
		n = len(p)
	}
	return n, err
}

// Sync implements vfs.File.
func (f *guardFile) Sync() error { return f.fs.do("sync", f.name, f.File.Sync, nothing) }

// SyncData implements vfs.File.
func (f *guardFile) SyncData() error { return f.fs.do("sync", f.name, f.File.SyncData, nothing) }

// SyncTo implements vfs.File.
func (f *guardFile) SyncTo(length int64) (full bool, err error) {
	err = f.fs.do("sync", f.name, func() error {
		full, err = f.File.SyncTo(length)
		return err
	}, nothing)
	return full, err
}

// Preallocate implements vfs.File.
func (f *guardFile) Preallocate(off, length int64) error {
	return f.fs.do("preallocate", f.name, func() error {
		return f.File.Preallocate(off, length)
	}, nothing)
}

// Close implements vfs.File. Pebble takes a failed close of a WAL file as badly
// as a failed sync.
func (f *guardFile) Close() error { return f.fs.do("close", f.name, f.File.Close, f.File.Close) }
