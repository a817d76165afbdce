package snapshot

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/durable/disk"
)

// Remove removes all snapshots of a group whose store nobody uses. After a crash in between
// some may be there, each of them whole.
func Remove(fs vfs.FS, dataDir string, group uint32) error {
	dir := fs.PathJoin(dataDir, "snapshots", fmt.Sprint(group))
	if _, err := fs.Stat(dir); err != nil {
		return nil // there never was one
	}
	names, err := fs.List(dir)
	if err != nil {
		return fmt.Errorf("remove the snapshots of group %d: %w", group, err)
	}
	for _, name := range names {
		if err := fs.Remove(fs.PathJoin(dir, name)); err != nil {
			return fmt.Errorf("remove the snapshots of group %d: %w", group, err)
		}
	}
	return disk.SyncDir(fs, dir)
}
