package snapshot

import (
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
)

// File is the file of a snapshot that is looked into without its store. It belongs to one
// goroutine.
type File struct {
	Group  uint32
	Meta   raft.SnapshotMeta // its ID is what the file is named by in a store, but for the suffix
	Blocks uint64            // of payload
	// ReadCloser reads the payload: each block is verified before its bytes are handed out.
	io.ReadCloser
}

// OpenFile opens the file of a snapshot to look into it, wherever it lies and whatever its
// name is, and verifies its head and its end. What is damaged is a *CorruptionError, from
// here or from Read. Nothing is written, removed or latched.
func OpenFile(fs vfs.FS, path string) (*File, error) {
	r, group, err := openPath(fs, path)
	if err != nil {
		return nil, err
	}
	return &File{Group: group, Meta: r.meta, Blocks: r.end.blocks, ReadCloser: r}, nil
}

// openPath opens a file and verifies its head and its trailer.
func openPath(fs vfs.FS, path string) (r *reader, group uint32, err error) {
	file, err := fs.Open(path, vfs.SequentialReadsOption)
	if err != nil {
		return nil, 0, fmt.Errorf("open the snapshot %s: %w", path, err)
	}
	r = &reader{file: file, path: path, fail: func(err error) error { return err }}
	if group, err = r.readEnds(); err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	r.meta.ID = id{r.meta.Term, r.meta.Index}.String()
	return r, group, nil
}
