package wal

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/thronggrid/throng/durable/disk"
)

// DB is the log of all groups of a node. Any goroutine may call it.
type DB struct {
	options Options
	latch   *disk.Latch
	fs      *disk.Guard
	lock    io.Closer
	pebble  *pebble.DB
	stalls  *disk.Stalls
	commits *committer
	witness *witness

	settings *stable
	turn     chan struct{} // one token; its holder writes settings
	change   change        // owned by the holder of turn
	nobody   announcer     // settings belong to no group that announces

	life struct {
		sync.RWMutex // held for reading while Pebble is read
		closed       bool
	}
	logs struct {
		sync.Mutex
		of map[uint32]*Log
	}
}

// Log returns the log and stable store of a group; the same one each time.
func (db *DB) Log(group uint32) (*Log, error) {
	if err := db.refusal(); err != nil {
		return nil, err
	}
	return db.logFor(group), nil
}

func (db *DB) logFor(group uint32) *Log {
	db.logs.Lock()
	defer db.logs.Unlock()
	l := db.logs.of[group]
	if l == nil {
		l = newLog(db, group)
		db.logs.of[group] = l
	}
	return l
}

func (db *DB) allLogs() []*Log {
	db.logs.Lock()
	defer db.logs.Unlock()
	return slices.Collect(maps.Values(db.logs.of))
}

// Get returns a copy of a node-level setting, or ErrNotFound.
func (db *DB) Get(key string) ([]byte, error) {
	if err := db.refusal(); err != nil {
		return nil, err
	}
	return db.settings.get(key)
}

// Put stores a node-level setting and returns once it is on disk. Keys are at
// most KeyBytesMax bytes long, values ValueBytesMax.
func (db *DB) Put(key string, value []byte) error {
	db.turn <- struct{}{}
	defer func() { <-db.turn }()
	return db.put(db.settings, &db.nobody, &db.change, key, value)
}

// put writes one value of a set. The caller holds the turn that ch belongs to.
func (db *DB) put(s *stable, a *announcer, ch *change, key string, value []byte) error {
	ch.reset()
	if err := s.put(ch, key, value); err != nil {
		return err
	}
	if err := db.commits.commit(a, 0, ch); err != nil {
		return err
	}
	s.keep(key, value)
	return nil
}

// read calls f with the value stored under key. pebble.ErrNotFound comes back
// as it is; any other failure to read is latched.
func (db *DB) read(key []byte, f func(value []byte)) error {
	db.life.RLock()
	defer db.life.RUnlock()
	if db.life.closed {
		return ErrClosed
	}
	value, closer, err := db.pebble.Get(key)
	if err != nil {
		if errors.Is(err, pebble.ErrNotFound) {
			return err
		}
		return db.latch.Fail(fmt.Errorf("read the log: %w", err))
	}
	f(value)
	return closer.Close()
}

// refusal is why a call cannot be served: the latched failure, or the end.
func (db *DB) refusal() error {
	if err := db.latch.Err(); err != nil {
		return err
	}
	db.life.RLock()
	defer db.life.RUnlock()
	if db.life.closed {
		return ErrClosed
	}
	return nil
}

// Stalled is the age of the oldest write or sync of the log that is unfinished,
// 0 when there is none. It takes no lock.
func (db *DB) Stalled() time.Duration { return db.commits.stalled() }

// Close waits for the writes on their way, refuses all later calls, and leaves
// a facts file that says exactly what the log holds. After a latched failure it
// releases everything and returns that failure. A second Close is ErrClosed.
func (db *DB) Close() error {
	db.life.Lock()
	if db.life.closed {
		db.life.Unlock()
		return ErrClosed
	}
	db.life.closed = true
	db.life.Unlock()
	db.commits.close()
	err := db.closePebble()
	if err == nil {
		err = db.witness.write(true)
	}
	return errors.Join(err, db.lock.Close())
}

// closePebble closes Pebble. Its own complaints after a latched failure are
// consequences of that one.
func (db *DB) closePebble() error {
	err := db.pebble.Close()
	if latched := db.latch.Err(); latched != nil {
		return latched
	}
	if err != nil {
		return db.latch.Fail(fmt.Errorf("close the log: %w", err))
	}
	return nil
}
