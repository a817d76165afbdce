package backup

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/durable/snapshot"
	"github.com/thronggrid/throng/durable/wal"
	"github.com/thronggrid/throng/grid/clock"
)

// Unfinished is the file of a data directory that says that a restore to it has not come
// to its end.
const Unfinished = "restore.unfinished"

// CheckFinished says so if a data directory is what an unfinished restore left.
func CheckFinished(fsys vfs.FS, dir string) error {
	_, err := fsys.Stat(fsys.PathJoin(dir, Unfinished))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, fmt.Errorf("a restore to %s did not come to its end (it holds %s): "+
		"remove the directory and restore again", dir, Unfinished))
}

// Target says where a backup is restored to. All must be set.
type Target struct {
	FS      vfs.FS
	Dir     string // the data directory: empty, or not there
	Clock   clock.Clock
	Logger  *slog.Logger
	Digests Digests
	// Voters returns the configuration of every group, by the number of the node.
	Voters func(node uint32) raft.Configuration
	// KeyTerm is the key under which Raft keeps its term.
	KeyTerm string
	// Secret keeps a file with keys that the backup has.
	Secret func(Secret) error
}

// Restore makes a data directory of a backup: each shard's state as the snapshot of its
// group, which a log is to follow, and the records in tables of their own. Then it reads
// all that back, and compares the digests with those of the backup. On an error the
// directory is not to be used: I3.
func Restore(r *Reader, t Target) (sum Summary, err error) {
	if err := t.checkEmpty(); err != nil {
		return sum, err
	}
	if err := disk.MakeDir(t.FS, t.Dir); err != nil {
		return sum, err
	}
	mark := t.FS.PathJoin(t.Dir, Unfinished)
	lock, err := t.FS.Lock(mark) // which makes it
	if err != nil {
		return sum, fmt.Errorf("make %s: %w", mark, err)
	}
	defer lock.Close()
	if err := disk.SyncDir(t.FS, t.Dir); err != nil {
		return sum, err
	}
	if sum, err = t.lay(r); err != nil {
		return sum, fmt.Errorf("restore to %s: %w; it is of no use, remove it", t.Dir, err)
	}
	if err := t.readBack(sum); err != nil {
		return sum, fmt.Errorf("read %s back: %w; it is of no use, remove it", t.Dir, err)
	}
	if err := t.FS.Remove(mark); err != nil {
		return sum, fmt.Errorf("remove %s: %w", mark, err)
	}
	return sum, disk.SyncDir(t.FS, t.Dir)
}

func (t *Target) checkEmpty() error {
	names, err := t.FS.List(t.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look into %s: %w", t.Dir, err)
	}
	if err := CheckFinished(t.FS, t.Dir); err != nil {
		return err
	}
	if len(names) > 0 {
		return fmt.Errorf("the data directory %s is not empty: name one that is empty or not there",
			t.Dir)
	}
	return nil
}

// lay writes the parts where they belong.
func (t *Target) lay(r *Reader) (sum Summary, err error) {
	db, err := wal.Open(wal.Options{FS: t.FS, Dir: t.Dir, Clock: t.Clock, Fatal: func(error) {},
		Logger: t.Logger})
	if err != nil {
		return sum, err
	}
	sum, err = walk(r, visitor{
		node: func(n *Node) error {
			for _, s := range n.Settings {
				if err := db.Put(s.Key, s.Value); err != nil {
					return err
				}
			}
			sum.Node = *n
			return nil
		},
		shard: func(p Part, data io.Reader) (uint64, error) {
			return t.layShard(db, p, data, t.Voters(sum.Node.Number))
		},
		rows:    func() (rows, digest uint64, err error) { return t.layRows(r) },
		secrets: t.laySecrets,
	})
	return sum, errors.Join(err, db.Close()) // which writes the witness of the log
}

// layShard writes the snapshot of a group, and its term.
func (t *Target) layShard(
	db *wal.DB, p Part, data io.Reader, voters raft.Configuration,
) (digest uint64, err error) {
	log, err := db.Log(uint32(p.Shard))
	if err != nil {
		return 0, err
	}
	if err := log.SetUint64([]byte(t.KeyTerm), max(p.Term, 1)); err != nil {
		return 0, err
	}
	if p.Index == 0 {
		return t.Digests(data) // nothing was ever applied: it begins as a new one does
	}
	store, err := t.snapshots(p)
	if err != nil {
		return 0, err
	}
	sink, err := store.Create(raft.SnapshotVersionMax, p.Index, p.Term, voters, 1, nil)
	if err != nil {
		return 0, err
	}
	in := io.TeeReader(data, sink)
	if digest, err = t.Digests(in); err == nil {
		_, err = io.Copy(io.Discard, in)
	}
	if err != nil {
		return 0, errors.Join(err, sink.Cancel())
	}
	return digest, sink.Close()
}

func (t *Target) snapshots(p Part) (*snapshot.Store, error) {
	return snapshot.Open(snapshot.Options{FS: t.FS, Dir: t.Dir, Group: uint32(p.Shard),
		Clock: t.Clock, Fatal: func(error) {}, Logger: t.Logger})
}

func (t *Target) laySecrets(secrets []Secret) error {
	for _, s := range secrets {
		if err := t.Secret(s); err != nil {
			return err
		}
	}
	return nil
}

// readBack compares what the directory holds with what the backup said.
func (t *Target) readBack(sum Summary) error {
	for _, p := range sum.Parts {
		var rows, digest uint64
		var err error
		switch {
		case p.Kind == KindRecords:
			rows, digest, err = t.readRows()
		case p.Kind == KindShard && p.Index > 0:
			digest, err = t.readShard(p)
		default:
			continue
		}
		if err == nil && (digest != p.Digest || rows != p.Rows) {
			err = fmt.Errorf("it has the digest %016x and %d rows, the backup has %016x and %d",
				digest, rows, p.Digest, p.Rows)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", p.Name(), err)
		}
	}
	return nil
}

func (t *Target) readShard(p Part) (uint64, error) {
	store, err := t.snapshots(p)
	if err != nil {
		return 0, err
	}
	metas, err := store.List()
	if err == nil && len(metas) != 1 {
		err = errors.New("its snapshot is not there")
	}
	if err != nil {
		return 0, err
	}
	_, r, err := store.Open(metas[0].ID)
	if err != nil {
		return 0, err
	}
	digest, err := t.Digests(r)
	return digest, cmp.Or(err, r.Close())
}
