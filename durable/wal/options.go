package wal

import (
	"errors"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/clock"
)

// Sizes that apply where Options leaves a zero.
const (
	DefaultMemTableBytes = 8 << 20
	DefaultCacheBytes    = 1 << 20
	DefaultRingBytes     = 1 << 20
	DefaultRetainBytes   = 16 << 20
	DefaultGatherWait    = 100 * time.Microsecond
)

// Options says where the log lives and how much it may use. FS, Dir, Clock and
// Fatal must be set; every other zero stands for its default.
type Options struct {
	FS    vfs.FS      // the real file system, or Pebble's crashable one in memory
	Dir   string      // the data directory; the log lives in Dir/log
	Clock clock.Clock // for the age of a stalled write and for gathering

	// Fatal is called once, with the first write or sync that failed or the
	// first corruption found, from whatever goroutine met it and possibly below
	// Pebble's locks: it must return at once and must not call the DB. From
	// then on every call of the DB and its logs fails with that error. Open
	// reports its own failures by returning them, never through Fatal.
	Fatal func(error)

	Logger *slog.Logger // nil: nothing is logged

	// Space says what becomes of a write that finds the disk full; nil: it is a
	// failure like any other.
	Space *disk.Space

	MemTableBytes uint64        // one memtable of Pebble; it may hold three
	CacheBytes    int64         // Pebble's block cache; few reads get that far
	RingBytes     int           // newest entries kept in memory, per group
	RetainBytes   int64         // entries kept on disk though raft has let go of them, per group
	GatherWait    time.Duration // longest wait for announced entries; negative: none
}

func (o Options) withDefaults() (Options, error) {
	if o.FS == nil || o.Dir == "" || o.Clock == nil || o.Fatal == nil {
		return o, errors.New("open the log: FS, Dir, Clock and Fatal must be set")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MemTableBytes == 0 {
		o.MemTableBytes = DefaultMemTableBytes
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = DefaultCacheBytes
	}
	if o.RingBytes == 0 {
		o.RingBytes = DefaultRingBytes
	}
	if o.RetainBytes == 0 {
		o.RetainBytes = DefaultRetainBytes
	}
	if o.GatherWait == 0 {
		o.GatherWait = DefaultGatherWait
	}
	return o, nil
}
