package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/thronggrid/throng/durable/backup"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/admin"
	"github.com/thronggrid/throng/shard/host"
)

// backupTo returns what the HTTP port calls to back the node up.
func (n *node) backupTo(dataDir string) admin.Backup {
	return func(ctx context.Context, w io.Writer, q admin.BackupQuery) error {
		if !n.serves.Load() {
			return fault.New(fault.Unavailable, "the node is starting: ask again once it is ready")
		}
		if n.clustered {
			return fault.New(fault.FailedPrecondition, "this is one node of several: "+
				"backups show a node that is alone")
		}
		o := host.BackupOptions{Version: readVersion().Version, Records: n.records}
		if q.Keys {
			var err error
			if o.Secrets, err = readSecrets(dataDir); err != nil {
				return err
			}
		}
		_, err := n.shards.Backup(ctx, w, o)
		return err
	}
}

// secretFiles are the files of a data directory that a backup has only when asked to.
func secretFiles() []string { return []string{serverSecret.base, tokenKeysFile} }

// readSecrets reads the files with keys that a data directory has.
func readSecrets(dataDir string) (secrets []backup.Secret, err error) {
	for _, name := range secretFiles() {
		text, err := os.ReadFile(filepath.Join(dataDir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it is kept elsewhere
		}
		if err != nil {
			return nil, fmt.Errorf("read the keys for a backup: %w", err)
		}
		secrets = append(secrets, backup.Secret{Name: name, Text: text})
	}
	return secrets, nil
}

// writeSecret keeps a file with keys that a backup had.
func writeSecret(dataDir string, s backup.Secret) error {
	if !slices.Contains(secretFiles(), s.Name) {
		return fmt.Errorf("the backup has a file of keys called %q, which this version "+
			"does not know", s.Name)
	}
	_, err := makeSecret(filepath.Join(dataDir, s.Name), string(s.Text))
	return err
}
