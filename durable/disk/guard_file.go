package disk

import (
	"errors"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// guardFile is a file or directory opened through a Guard.
type guardFile struct {
	vfs.File
	fs   *Guard
	name string
}

// Write implements vfs.File.
func (f *guardFile) Write(p []byte) (n int, err error) {
	err = f.fs.do("write", f.name, func() error {
		m, err := f.File.Write(p[n:])
		if fullOK && IsFull(err) {
			m, err = len(p[n:]), nil
		}
		n += m
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
		m, err := f.File.WriteAt(p[n:], off+int64(n))
		n += m
		return err
	}, nothing)
	if f.fs.latch.Err() != nil {
		n = len(p)
	}
	return n, err
}

// Sync implements vfs.File.
func (f *guardFile) Sync() error { return f.fs.once("sync", f.name, f.File.Sync, nothing) }

// SyncData implements vfs.File.
func (f *guardFile) SyncData() error { return f.fs.once("sync", f.name, f.File.SyncData, nothing) }

// SyncTo implements vfs.File.
func (f *guardFile) SyncTo(length int64) (full bool, err error) {
	err = f.fs.once("sync", f.name, func() error {
		full, err = f.File.SyncTo(length)
		return err
	}, nothing)
	return full, err
}

// Preallocate implements vfs.File. It only makes later writes cheaper, so that a
// disk that has no space for it is no failure.
func (f *guardFile) Preallocate(off, length int64) error {
	var full error
	err := f.fs.once("preallocate", f.name, func() error {
		err := f.File.Preallocate(off, length)
		if IsFull(err) {
			full, err = err, nil
		}
		return err
	}, nothing)
	return errors.Join(err, full)
}

// Close implements vfs.File. Pebble takes a failed close of a WAL file as badly
// as a failed sync.
func (f *guardFile) Close() error { return f.fs.once("close", f.name, f.File.Close, f.File.Close) }
