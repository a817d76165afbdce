package snapshot

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/durable/disk"
)

// bytesPerSync spreads the writing of a large snapshot over time, so that the
// sync at its end does not hold up the log's.
const bytesPerSync = 512 << 10

// Sink takes one snapshot in. It belongs to one goroutine. Nothing of it is
// seen before Close has made it durable; Close and Cancel may be called again
// and do nothing then, so that a deferred Cancel does no harm.
type Sink struct {
	store *Store
	meta  *raft.SnapshotMeta
	file  vfs.File
	path  string // the temporary file

	seed   uint32
	block  []byte // the block being filled, behind room for its head
	ended  trailer
	err    error // the first failed write; the sink is of no use after it
	closed bool

	begin int64 // µs: when it was begun
	size  int64 // bytes written to the file
}

var _ raft.SnapshotSink = (*Sink)(nil)

func newSink(s *Store, number uint64, m *raft.SnapshotMeta) (*Sink, error) {
	head, seed := appendHead(nil, s.options.Group, m)
	if len(head) > headBytes+MetaBytesMax {
		return nil, fmt.Errorf("create the snapshot %s: a configuration of %d bytes is too large",
			m.ID, len(head))
	}
	path := s.options.FS.PathJoin(s.dir, fmt.Sprintf("%s.%d%s", m.ID, number, temporarySuffix))
	file, err := s.options.FS.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, s.broken(fmt.Errorf("create %s: %w", path, err))
	}
	k := &Sink{
		store: s, meta: m, path: path, seed: seed,
		file:  vfs.NewSyncingFile(file, vfs.SyncingFileOptions{BytesPerSync: bytesPerSync}),
		block: make([]byte, blockBytes, blockBytes+BlockBytesMax),
	}
	k.begun()
	if err := k.put(head); err != nil {
		return nil, errors.Join(err, k.Cancel())
	}
	return k, nil
}

// ID names the snapshot, for Store.Open once it is closed.
func (k *Sink) ID() string { return k.meta.ID }

// put writes bytes to the file.
func (k *Sink) put(b []byte) error {
	if k.err != nil {
		return k.err
	}
	if _, err := k.file.Write(b); err != nil {
		k.err = k.store.broken(fmt.Errorf("write %s: %w", k.path, err))
	}
	k.size += int64(len(b))
	return k.err
}

// Write adds to the payload.
func (k *Sink) Write(p []byte) (n int, err error) {
	if k.closed {
		return 0, fmt.Errorf("write to the snapshot %s: it is closed", k.meta.ID)
	}
	for len(p) > 0 && k.err == nil {
		room := cap(k.block) - len(k.block)
		m := min(room, len(p))
		k.block = append(k.block, p[:m]...)
		p, n = p[m:], n+m
		if len(k.block) == cap(k.block) {
			k.flush()
		}
	}
	return n, k.err
}

// flush writes the block that is being filled.
func (k *Sink) flush() {
	if len(k.block) == blockBytes {
		return
	}
	sealBlock(k.block, k.seed, k.ended.blocks)
	if k.put(k.block) == nil {
		k.ended.blocks++
		k.ended.bytes += uint64(len(k.block) - blockBytes)
	}
	k.block = k.block[:blockBytes]
}

// Close makes the snapshot durable under its name, and then removes the one it
// replaces. Once it returns nil, List gives this one, or a newer one that was
// closed before.
func (k *Sink) Close() error {
	if k.closed {
		return nil
	}
	k.flush()
	err := k.put(k.ended.encode(k.seed))
	if err != nil {
		return errors.Join(err, k.Cancel())
	}
	k.closed = true
	if err = errors.Join(k.file.Sync(), k.file.Close()); err != nil {
		err = k.store.fail(fmt.Errorf("sync %s: %w", k.path, err))
	} else {
		err = k.store.publish(id{k.meta.Term, k.meta.Index}, k.path)
	}
	if err != nil {
		k.failed()
		return err
	}
	k.finished()
	return nil
}

// Cancel throws the snapshot away.
func (k *Sink) Cancel() error {
	if k.closed {
		return nil
	}
	k.closed = true
	k.failed()
	err := errors.Join(k.file.Close(), k.store.options.FS.Remove(k.path))
	if err != nil {
		return fmt.Errorf("cancel the snapshot %s: %w", k.meta.ID, err)
	}
	return nil
}

// publish gives a finished file its name. One that is older than the newest is
// thrown away: it was overtaken by a snapshot that the leader sent.
func (s *Store) publish(n id, temporary string) error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	newest, err := s.state()
	if err != nil {
		return err
	}
	fs := s.options.FS
	if n.compare(newest) < 0 {
		return fs.Remove(temporary)
	}
	path := fs.PathJoin(s.dir, n.String()+suffix)
	if err := fs.Rename(temporary, path); err != nil {
		return errors.Join(s.broken(fmt.Errorf("rename %s: %w", temporary, err)),
			fs.Remove(temporary))
	}
	if err := disk.SyncDir(fs, s.dir); err != nil {
		return s.fail(err)
	}
	s.mu.Lock()
	s.mu.newest = n
	s.mu.Unlock()
	if err := s.removeBelow(n); err != nil {
		// It lies idle until the next start; List never gives it.
		s.options.Logger.Warn("an older snapshot stays", "error", err)
	}
	return nil
}
