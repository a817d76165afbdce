package wal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/atomicfs"
	"github.com/cockroachdb/pebble/v2/wal"

	"github.com/thronggrid/throng/durable/disk"
)

// Pebble reads its write-ahead log and its manifest up to the first chunk that
// is not whole, and takes that for the end a crash left. This file looks behind
// that end first: in this package's use nothing whole can follow it, because a
// record is begun only after all before it are on disk. Whole records behind a
// damaged one are therefore lost acknowledged data, and named. (Pebble's own
// test for that looks only into later blocks of 32 KiB, and only believes the
// synced offsets it finds there, which fall behind the true ones.)

// verifyFiles looks for damage in the write-ahead log and the manifest of the
// Pebble in dir that Pebble itself would take for their end.
func verifyFiles(fsys vfs.FS, dir string) error {
	names, err := fsys.List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list %s: %w", dir, err)
	}
	for _, name := range names {
		number, _, ok := wal.ParseLogFilename(name)
		if ok {
			err = verifyFile(fsys, fsys.PathJoin(dir, name), walChunks(uint32(number)))
		}
		if err != nil {
			return err
		}
	}
	manifest, err := atomicfs.ReadMarker(fsys, dir, "manifest")
	if err != nil {
		return fmt.Errorf("find the manifest in %s: %w", dir, err)
	}
	if manifest == "" {
		return nil
	}
	return verifyFile(fsys, fsys.PathJoin(dir, manifest), manifestChunks())
}

func verifyFile(fsys vfs.FS, path string, format chunkFormat) error {
	file, err := fsys.Open(path, vfs.SequentialReadsOption)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	b, err := readAll(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if off, found := format.damage(b); found {
		return disk.Corrupt(path, fmt.Sprintf(
			"the record at byte %d is damaged, and whole ones follow it", off))
	}
	return nil
}

// readAll reads a file of known size without the doubling of io.ReadAll: a WAL
// file may weigh as much as a memtable.
func readAll(file vfs.File) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	b := make([]byte, info.Size())
	_, err = io.ReadFull(file, b)
	return b, err
}

// isWAL says whether a file is part of Pebble's write-ahead log.
func isWAL(path string) bool { return strings.HasSuffix(path, ".log") }
