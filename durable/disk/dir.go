package disk

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// DirMode is the mode of the directories that MakeDir makes: a data directory
// holds the server key and every player's data, so nobody else may look.
const DirMode = 0o700

// MakeDir makes a directory and all above it that are missing, durably. One that
// is there is synced all the same: who made it may have been killed before that.
func MakeDir(fs vfs.FS, dir string) error {
	missing := []string{dir}
	for d := fs.PathDir(dir); ; d = fs.PathDir(d) {
		if _, err := fs.Stat(d); err == nil || d == fs.PathDir(d) {
			break
		}
		missing = append(missing, d)
	}
	if err := fs.MkdirAll(dir, DirMode); err != nil {
		return fmt.Errorf("make directory %s: %w", dir, err)
	}
	for _, d := range slices.Backward(missing) {
		if err := SyncDir(fs, fs.PathDir(d)); err != nil {
			return err
		}
	}
	return nil
}

// SyncDir makes the names in a directory durable.
func SyncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return fmt.Errorf("open directory %s: %w", dir, err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync directory %s: %w", dir, err)
	}
	return nil
}
