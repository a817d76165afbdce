package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/durable/backup"
	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/shard/host"
)

// checkNew refuses a name under which there is something.
func checkNew(file string) error {
	_, err := os.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look for %s: %w", file, err)
	}
	return fmt.Errorf("%s is there already: name another file, or remove that one", file)
}

// keepBackup writes a backup to a file. It gets its name once it is whole, on disk, and,
// where verify is set, was read back with all its digests worked out anew.
func keepBackup(file string, from io.Reader, verify bool, to *progress) (backup.Summary, error) {
	dir := filepath.Dir(file)
	f, err := os.CreateTemp(dir, "."+filepath.Base(file)+"-*") // readable by its owner only
	if err != nil {
		return backup.Summary{}, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	sum, err := readParts(io.TeeReader(from, f), file, to)
	if err == nil {
		err = f.Sync()
	}
	if err == nil && verify {
		to.begin("verifying", int64(sum.Bytes))
		sum, err = verifyFile(f.Name(), to)
	}
	if err != nil {
		return sum, err
	}
	if err := os.Link(f.Name(), file); err != nil { // and takes nothing's place
		return sum, err
	}
	return sum, disk.SyncDir(vfs.Default, dir)
}

// readParts reads a backup, and verifies all but the digests of what it holds.
func readParts(from io.Reader, name string, to *progress) (sum backup.Summary, err error) {
	r, err := backup.NewReader(to.reader(from), name)
	if err != nil {
		return sum, err
	}
	for err == nil {
		if err = r.Next(); err == nil {
			to.part(r.Part().Name())
			if r.Part().Kind == backup.KindNode {
				sum.Node, err = r.Node()
			}
		}
	}
	if !errors.Is(err, io.EOF) {
		return sum, err
	}
	sum.Made, sum.Parts, sum.Bytes = r.Made(), r.Parts(), r.Bytes()
	return sum, nil
}

// verifyFile reads a backup and works out all its digests anew.
func verifyFile(file string, to *progress) (backup.Summary, error) {
	var sum backup.Summary
	err := openBackup(file, to, func(r *backup.Reader) (err error) {
		sum, err = host.VerifyBackup(r)
		return err
	})
	return sum, err
}

// openBackup calls f with a backup that is in a file.
func openBackup(file string, to *progress, f func(*backup.Reader) error) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	to.size = info.Size()
	r, err := backup.NewReader(to.reader(in), file)
	if err != nil {
		return err
	}
	return f(r)
}
