package wal

import (
	"fmt"
	"io"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	logName  = "log"  // the directory of Pebble
	lockName = "LOCK" // held while a process has the data directory open
)

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
