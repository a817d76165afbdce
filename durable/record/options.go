package record

import (
	"errors"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/record"
)

// Sizes that apply where Options leaves a zero.
const (
	DefaultMemTableBytes = 64 << 20
	DefaultCacheBytes    = 16 << 20
)

// Options says where the tables live and how much they may use. FS, Dir, Clock and
// Fatal must be set; every other zero stands for its default.
type Options struct {
	FS     vfs.FS // the real file system, or Pebble's crashable one in memory
	Dir    string // the data directory; the tables live in Dir/records
	Tables []*record.Table
	Clock  clock.Clock // for how long transactions take

	// Fatal is called once, with the first write or sync that failed or the
	// first corruption found, from whatever goroutine met it and possibly below
	// Pebble's locks: it must return at once and must not call the Store. From
	// then on every call fails with that error. Open reports its own failures by
	// returning them, never through Fatal.
	Fatal func(error)

	Logger *slog.Logger // nil: nothing is logged

	// Space says what becomes of a write that finds the disk full; nil: it is a
	// failure like any other.
	Space *disk.Space

	MemTableBytes uint64 // one memtable of Pebble; it may hold two, and a large transaction
	CacheBytes    int64  // Pebble's block cache, of which memtables take their share
}

func (o Options) withDefaults() (Options, error) {
	if o.FS == nil || o.Dir == "" || o.Clock == nil || o.Fatal == nil {
		return o, errors.New("open the record tables: FS, Dir, Clock and Fatal must be set")
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
	return o, nil
}

// filterBits is the size of the filters that spare a read of a row that is not
// there: 10 bits a row let 1 % of such reads through.
const filterBits = 10

// pebbleOptions tunes Pebble for rows that stay: they are compressed, and
// filters answer for keys that are not there. The returned function releases the
// caller's hold on the cache once Pebble has its own.
func pebbleOptions(
	o Options, fs *disk.Guard, l *disk.Latch,
) (*pebble.Options, *disk.Stalls, func()) {
	cache := pebble.NewCache(o.CacheBytes)
	po := &pebble.Options{
		FS:                    fs,
		Cache:                 cache,
		FormatMajorVersion:    pebble.FormatNewest,
		MemTableSize:          o.MemTableBytes,
		L0CompactionThreshold: 4,
		L0StopWritesThreshold: 24,
		MaxOpenFiles:          256,
	}
	for i := range po.Levels {
		po.Levels[i].FilterPolicy = bloom.FilterPolicy(filterBits)
	}
	po.ApplyCompressionSettings(func() pebble.DBCompressionSettings {
		return pebble.DBCompressionFastest
	})
	stalls := disk.Listen(po, "the record tables", o.Logger, l, o.Clock)
	return po, stalls, cache.Unref
}
