package wal

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	logName  = "log"  // the directory of Pebble
	lockName = "LOCK" // held while a process has the data directory open
)

// makeDir creates a directory and everything above it, durably.
func makeDir(fs vfs.FS, dir string) error {
	var missing []string
	for d := dir; ; d = fs.PathDir(d) {
		if _, err := fs.Stat(d); err == nil || d == fs.PathDir(d) {
			break
		}
		missing = append(missing, d)
	}
	if err := fs.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("create the data directory %s: %w", dir, err)
	}
	for _, d := range slices.Backward(missing) {
		if err := syncDir(fs, fs.PathDir(d)); err != nil {
			return err
		}
	}
	return nil
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return fmt.Errorf("open directory %s: %w", dir, err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync directory %s: %w", dir, err)
	}
	return nil
}

// lockDir keeps other processes out of the data directory.
func lockDir(fs vfs.FS, dir string) (io.Closer, error) {
	lock, err := fs.Lock(fs.PathJoin(dir, lockName))
	if err != nil {
		return nil, fmt.Errorf("lock the data directory %s: %w; if another throng is running "+
			"on it, stop that process or give this one a directory of its own", dir, err)
	}
	return lock, nil
}

// holdsLog says whether Pebble has ever been opened in the data directory.
func holdsLog(fs vfs.FS, dir string) bool {
	names, err := fs.List(fs.PathJoin(dir, logName))
	return err == nil && slices.ContainsFunc(names, func(n string) bool { return n != lockName })
}
