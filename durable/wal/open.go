package wal

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/thronggrid/throng/durable/disk"
)

// Open opens the log of a data directory, or makes a new one. It reads and
// verifies everything it keeps: see doc.go for the steps of recovery.
func Open(o Options) (*DB, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := disk.MakeDir(o.FS, o.Dir); err != nil {
		return nil, err
	}
	lock, err := lockDir(o.FS, o.Dir)
	if err != nil {
		return nil, err
	}
	db := &DB{
		options:  o,
		lock:     lock,
		latch:    disk.NewLatch(o.Fatal),
		settings: newStable([]byte{settingPrefix}, "the node's settings"),
		turn:     make(chan struct{}, 1),
	}
	db.logs.of = map[uint32]*Log{}
	db.fs = disk.NewGuard(o.FS, db.latch, o.Space, db.beforeReuse)
	db.witness = newWitness(db)
	if err := db.open(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	db.latch.Arm()
	return db, nil
}

func (db *DB) open() error {
	o := db.options
	old, found, err := readFacts(o.FS, o.Dir)
	if err != nil {
		return err
	}
	if !found {
		if holdsLog(o.FS, o.Dir) {
			return disk.Corrupt(o.Dir, "it holds a log but no file "+factsName)
		}
		if err := db.witness.write(false); err != nil {
			return err
		}
	}
	if err := verifyFiles(o.FS, o.FS.PathJoin(o.Dir, logName)); err != nil {
		return err
	}
	options, stalls, release := pebbleOptions(o, db.fs, db.latch)
	defer release()
	db.stalls = stalls
	dir := o.FS.PathJoin(o.Dir, logName)
	if db.pebble, err = pebble.Open(dir, options); err != nil {
		return fmt.Errorf("open the log in %s: %w", o.Dir, disk.Damage(dir, db.latch, err))
	}
	db.commits = newCommitter(db.pebble, db.latch, db.witness, o)
	err = disk.Damage(dir, db.latch, db.load())
	if err == nil {
		err = db.check(old)
	}
	if err == nil {
		err = db.witness.write(false)
	}
	if err != nil {
		return errors.Join(err, db.pebble.Close())
	}
	return nil
}

// beforeReuse is called before a file is destroyed. Of a WAL file only Pebble's
// own files would know what was in it, until the facts file speaks of that.
// While Open has not loaded everything the file on disk is the better witness,
// and stays.
func (db *DB) beforeReuse(name string) error {
	if !db.latch.Armed() || !isWAL(name) {
		return nil
	}
	return db.witness.write(false)
}

// load reads and verifies all that Pebble holds.
func (db *DB) load() error {
	it, err := db.pebble.NewIter(nil)
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	firsts := map[uint32]uint64{}
	for it.First(); it.Valid() && err == nil; it.Next() {
		var value []byte
		if value, err = it.ValueAndErr(); err == nil {
			err = db.loadKey(it.Key(), value, firsts)
		}
	}
	if err = errors.Join(err, it.Error(), it.Close()); err != nil {
		return fmt.Errorf("load the log: %w", err)
	}
	for _, l := range db.allLogs() {
		l.claim = l.last
		if first, ok := firsts[l.group]; l.last != 0 && (!ok || first != l.first) {
			return disk.Corrupt(fmt.Sprintf("the log of group %d", l.group), fmt.Sprintf(
				"it begins at entry %d instead of %d", l.first, first))
		}
	}
	return nil
}

func (db *DB) loadKey(key, value []byte, firsts map[uint32]uint64) error {
	switch {
	case len(key) > 0 && key[0] == settingPrefix:
		return distrusted(db.settings, key, db.settings.load(key, value))
	case len(key) < 5:
		return unknownKey(key)
	}
	group := groupOf(key)
	switch key[0] {
	case firstPrefix:
		first, ok := decodeFirst(key, value)
		if !ok {
			return disk.Corrupt(fmt.Sprintf("the first index of group %d", group),
				"its checksum does not match")
		}
		firsts[group] = first
		return nil
	case entryPrefix:
		return db.logFor(group).loadEntry(key, value)
	case stablePrefix:
		s := db.logFor(group).stable
		return distrusted(s, key, s.load(key, value))
	default:
		return unknownKey(key)
	}
}

func unknownKey(key []byte) error {
	return disk.Corrupt(fmt.Sprintf("key %x of the log", key), "no such key is ever written")
}

func distrusted(s *stable, key []byte, reason string) error {
	if reason == "" {
		return nil
	}
	return disk.Corrupt(fmt.Sprintf("%q of %s", key[len(s.prefix):], s.name), reason)
}
