package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/durable/backup"
	records "github.com/thronggrid/throng/durable/record"
	"github.com/thronggrid/throng/grid/chat/history"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/record"
	"github.com/thronggrid/throng/shard/host"
)

// backUpStopped begins a backup of a node that is stopped: it starts the parts that keep
// its state, without any port, and stops them again behind the last byte. The state stays
// as it is.
func backUpStopped(ctx context.Context, dataDir string, keys bool) (io.ReadCloser, error) {
	// What is no data directory is not made one.
	if _, err := os.Stat(filepath.Join(dataDir, "log.facts")); err != nil {
		return nil, fmt.Errorf("%s is not the data directory of a node: %w", dataDir, err)
	}
	if err := backup.CheckFinished(vfs.Default, dataDir); err != nil {
		return nil, err
	}
	out, in := io.Pipe()
	go func() { in.CloseWithError(writeStopped(ctx, in, dataDir, keys)) }()
	return out, nil
}

func writeStopped(ctx context.Context, w io.Writer, dataDir string, keys bool) (err error) {
	o := host.BackupOptions{Version: readVersion().Version}
	if keys {
		if o.Secrets, err = readSecrets(dataDir); err != nil {
			return err
		}
	}
	log := slog.New(slog.DiscardHandler)
	fatal := func(err error) { die(slog.Default(), err) }
	store, err := records.Open(records.Options{FS: vfs.Default, Dir: dataDir, Clock: clock.Real(),
		Tables: []*record.Table{history.Table}, Fatal: fatal, Logger: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	shards, err := openAtRest(host.Options{FS: vfs.Default, Dir: dataDir, Clock: clock.Real(),
		Archive: history.New(store), Fatal: fatal, Logger: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shards.Close()) }()
	if err := shards.Ready(ctx); err != nil {
		return err
	}
	o.Records = store
	_, err = shards.Backup(ctx, w, o)
	return err
}
