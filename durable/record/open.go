package record

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/record"
)

// dirName is the directory of Pebble below the data directory.
const dirName = "records"

// Open opens the record tables of a data directory, or makes them.
func Open(o Options) (*Store, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	dir := o.FS.PathJoin(o.Dir, dirName)
	if err := disk.MakeDir(o.FS, dir); err != nil {
		return nil, err
	}
	lock, err := pebble.LockDirectory(dir, o.FS)
	if err != nil {
		return nil, fmt.Errorf("lock the record tables in %s: %w; if another throng is running "+
			"on them, stop that process or give this one a directory of its own", dir, err)
	}
	s := &Store{clock: o.Clock, latch: disk.NewLatch(o.Fatal), lock: lock,
		turn: make(chan struct{}, 1)}
	s.life.over = make(chan struct{})
	guard := disk.NewGuard(o.FS, s.latch, o.Space, nil)
	options, stalls, release := pebbleOptions(o, guard, s.latch)
	defer release()
	s.stalls = stalls
	options.Lock = lock
	if s.pebble, err = pebble.Open(dir, options); err != nil {
		err = disk.Damage(dir, s.latch, err)
		return nil, errors.Join(fmt.Errorf("open the record tables in %s: %w", dir, err),
			lock.Close())
	}
	if err := s.open(o, guard); err != nil {
		return nil, fmt.Errorf("open the record tables in %s: %w", dir,
			errors.Join(err, s.closeFiles(), lock.Close()))
	}
	s.latch.Arm()
	return s, nil
}

// open reads the catalog, asks the facts file whether all is there, and adds what
// the catalog lacks.
func (s *Store) open(o Options, guard *disk.Guard) error {
	var c catalog
	if err := c.load(s.pebble); err != nil {
		return err
	}
	last, err := lastNumber(s.pebble)
	if err != nil {
		return err
	}
	var acknowledged uint64
	if s.witness, acknowledged, err = openWitness(guard, o.Dir); err != nil {
		return err
	}
	if err := check(last, acknowledged); err != nil {
		return err
	}
	s.syncs = newSyncer(s.pebble, s.latch, s.witness, &s.count.syncs, last)
	b := s.pebble.NewBatch()
	defer b.Close()
	if s.shapes, err = c.complete(o.Tables, b); err != nil {
		return err
	}
	if s.tables, err = c.others(o.Tables, s.shapes); err != nil {
		return err
	}
	if !b.Empty() {
		n, err := s.syncs.apply(b)
		if err != nil {
			return err
		}
		return s.syncs.sync(n)
	}
	// Pebble has written what it found in its log to tables, and synced them.
	return errors.Join(s.witness.write(last), s.latch.Err())
}

// Tables returns all tables that are stored, in the order of their names: those that Open
// was told, and those that another version of throng has stored, which can be read by what
// this returns.
func (s *Store) Tables() []*record.Table { return slices.Clone(s.tables) }
