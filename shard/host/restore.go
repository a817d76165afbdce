package host

import (
	"io"
	"log/slog"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/durable/backup"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/shard"
)

// RestoreOptions say where a backup is restored to. All must be set.
type RestoreOptions struct {
	FS     vfs.FS
	Dir    string // the data directory: empty, or not there
	Clock  clock.Clock
	Logger *slog.Logger
	Secret func(backup.Secret) error // keeps a file with keys that the backup has
}

// Restore makes a data directory of a backup, for a node that is its own cluster: it is
// the only voter of all groups. The sessions in it are swept when the node starts.
func Restore(r *backup.Reader, o RestoreOptions) (backup.Summary, error) {
	return backup.Restore(r, backup.Target{
		FS: o.FS, Dir: o.Dir, Clock: o.Clock, Logger: o.Logger, Secret: o.Secret,
		Digests: digestOf, KeyTerm: string(keyTerm),
		Voters: func(node uint32) raft.Configuration {
			return raft.Configuration{Servers: servers(node)}
		},
	})
}

// VerifyBackup reads a whole backup and works out all its digests anew.
func VerifyBackup(r *backup.Reader) (backup.Summary, error) { return backup.Verify(r, digestOf) }

func digestOf(r io.Reader) (uint64, error) {
	c, err := shard.ReadDigest(r, nil)
	return c.Digest, err
}
