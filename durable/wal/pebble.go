package wal

import (
	"github.com/cockroachdb/pebble/v2"

	"github.com/thronggrid/throng/durable/disk"
)

// pebbleOptions tunes Pebble for a log: most entries are written once, read
// from the ring, and deleted together. The returned function releases the
// caller's hold on the cache once Pebble has its own.
func pebbleOptions(
	o Options, fs *disk.Guard, l *disk.Latch,
) (*pebble.Options, *disk.Stalls, func()) {
	cache := pebble.NewCache(o.CacheBytes)
	po := &pebble.Options{
		FS:                          fs,
		Cache:                       cache,
		FormatMajorVersion:          pebble.FormatNewest,
		MemTableSize:                o.MemTableBytes,
		MemTableStopWritesThreshold: 3,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       24,
		MaxOpenFiles:                128,
	}
	stalls := disk.Listen(po, "the log", o.Logger, l, o.Clock)
	// Entries are mostly user data that the shard may have compressed already,
	// and few live long enough to be worth the processor's time.
	po.ApplyCompressionSettings(func() pebble.DBCompressionSettings {
		return pebble.DBCompressionNone
	})
	return po, stalls, cache.Unref
}
