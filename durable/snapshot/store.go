package snapshot

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/clock"
)

// Options says where the snapshots of a group live. All but Logger must be set.
type Options struct {
	FS    vfs.FS
	Dir   string // the data directory; the files live in Dir/snapshots/<group>
	Group uint32
	Clock clock.Clock // for how long snapshots take

	// Fatal is called once, with the first failed write or sync or the first
	// corruption found, from whatever goroutine met it. From then on Create,
	// List and Open fail with that error. Open of the store itself reports by
	// returning.
	Fatal func(error)

	Logger *slog.Logger // nil: nothing is logged
}

// Store keeps the newest snapshot of one group. Any goroutine may call it.
type Store struct {
	options Options
	dir     string

	mu struct {
		sync.Mutex        // never held while a file is read or written
		newest     id     // the snapshot that List gives; zero: none
		sinks      uint64 // made so far; numbers the temporary files
		failed     error  // the first failure, for ever
	}
	// turn holds one token; who has it changes which files there are. It is a
	// channel because it is held over writes, which take simulated time in a
	// simulation.
	turn chan struct{}

	count counters
}

var _ raft.SnapshotStore = (*Store)(nil)

// Open opens the snapshots of a group, or makes their directory. It removes
// what unfinished snapshots left, and older snapshots once it has seen that the
// newest is whole at both ends. A newest one that is not is an error: raft must
// never fall back to an older one, whose log entries may be gone.
func Open(o Options) (*Store, error) {
	if o.FS == nil || o.Dir == "" || o.Clock == nil || o.Fatal == nil {
		return nil, errors.New("open the snapshots: FS, Dir, Clock and Fatal must be set")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Store{options: o, turn: make(chan struct{}, 1)}
	s.dir = o.FS.PathJoin(o.Dir, "snapshots", fmt.Sprint(o.Group))
	if err := disk.MakeDir(o.FS, s.dir); err != nil {
		return nil, fmt.Errorf("open the snapshots of group %d: %w", o.Group, err)
	}
	ids, err := s.clean()
	if err != nil {
		return nil, fmt.Errorf("open the snapshots of group %d: %w", o.Group, err)
	}
	if len(ids) == 0 {
		return s, nil
	}
	s.mu.newest = ids[len(ids)-1]
	f, err := s.openFile(s.mu.newest)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("close %s: %w", f.path, err)
	}
	return s, s.removeBelow(s.mu.newest)
}

// clean removes unfinished snapshots and returns the finished ones in order.
func (s *Store) clean() ([]id, error) {
	fs := s.options.FS
	names, err := fs.List(s.dir)
	if err != nil {
		return nil, err
	}
	var ids []id
	for _, name := range names {
		path := fs.PathJoin(s.dir, name)
		if strings.HasSuffix(name, temporarySuffix) {
			s.options.Logger.Info("removing an unfinished snapshot", "file", path)
			if err := fs.Remove(path); err != nil {
				return nil, err
			}
			continue
		}
		n, ok := parseName(name)
		if !ok {
			return nil, fmt.Errorf("%s is not a snapshot; move it out of this directory", path)
		}
		ids = append(ids, n)
	}
	slices.SortFunc(ids, id.compare)
	return ids, nil
}

// removeBelow removes the snapshots that newest replaces. The caller holds the
// turn, or is alone.
func (s *Store) removeBelow(newest id) error {
	fs := s.options.FS
	names, err := fs.List(s.dir)
	if err != nil {
		return fmt.Errorf("list %s: %w", s.dir, err)
	}
	for _, name := range names {
		if n, ok := parseName(name); ok && n.compare(newest) < 0 {
			if err := fs.Remove(fs.PathJoin(s.dir, name)); err != nil {
				return fmt.Errorf("remove the older snapshot %s: %w", name, err)
			}
		}
	}
	return nil
}

// Create begins a snapshot; see Sink. transport is not used.
func (s *Store) Create(
	v raft.SnapshotVersion, index, term uint64, configuration raft.Configuration,
	configurationIndex uint64, _ raft.Transport,
) (raft.SnapshotSink, error) {
	if v != raft.SnapshotVersionMax {
		return nil, fmt.Errorf("create a snapshot: version %d is not supported, %d is",
			v, raft.SnapshotVersionMax)
	}
	s.mu.Lock()
	s.mu.sinks++
	number, err := s.mu.sinks, s.mu.failed
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return newSink(s, number, &raft.SnapshotMeta{
		Version: v, ID: id{term, index}.String(), Index: index, Term: term,
		Configuration: configuration, ConfigurationIndex: configurationIndex,
	})
}

// List returns the newest snapshot alone, or nothing.
func (s *Store) List() ([]*raft.SnapshotMeta, error) {
	for {
		newest, err := s.state()
		if err != nil || newest == (id{}) {
			return nil, err
		}
		m, r, err := s.Open(newest.String())
		if err == nil {
			return []*raft.SnapshotMeta{m}, r.Close()
		}
		if now, failed := s.state(); failed != nil || now == newest {
			return nil, err
		} // else a newer one has taken its place in between
	}
}

func (s *Store) state() (newest id, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.newest, s.mu.failed
}

// broken is fail, but for want of space: a snapshot that finds none is given up,
// and nothing else is. Freeing what it had taken helps the log, which matters more.
func (s *Store) broken(err error) error {
	if disk.IsFull(err) {
		return err
	}
	return s.fail(err)
}

// fail latches the first failure, tells Fatal of it, and returns what is
// latched.
func (s *Store) fail(err error) error {
	s.mu.Lock()
	first := s.mu.failed == nil
	if first {
		s.mu.failed = err
	}
	err = s.mu.failed
	s.mu.Unlock()
	if first {
		s.options.Fatal(err)
	}
	return err
}
