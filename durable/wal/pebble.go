package wal

import (
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
)

// pebbleOptions tunes Pebble for a log: most entries are written once, read
// from the ring, and deleted together. The returned function releases the
// caller's hold on the cache once Pebble has its own.
func pebbleOptions(o Options, fs *guardFS, l *latch) (*pebble.Options, func()) {
	cache := pebble.NewCache(o.CacheBytes)
	logger := pebbleLogger{log: o.Logger, latch: l}
	po := &pebble.Options{
		FS:                          fs,
		Cache:                       cache,
		Logger:                      logger,
		EventListener:               logger.events(),
		FormatMajorVersion:          pebble.FormatNewest,
		MemTableSize:                o.MemTableBytes,
		MemTableStopWritesThreshold: 3,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       24,
		MaxOpenFiles:                128,
	}
	// Entries are mostly user data that the shard may have compressed already,
	// and few live long enough to be worth the processor's time.
	po.ApplyCompressionSettings(func() pebble.DBCompressionSettings {
		return pebble.DBCompressionNone
	})
	return po, cache.Unref
}

// pebbleLogger passes Pebble's words on, and latches what Pebble calls fatal:
// a library does not end the process.
type pebbleLogger struct {
	log   *slog.Logger
	latch *latch
}

// Infof implements pebble.Logger.
func (p pebbleLogger) Infof(format string, args ...any) {
	p.log.Debug(fmt.Sprintf(format, args...))
}

// Errorf implements pebble.Logger.
func (p pebbleLogger) Errorf(format string, args ...any) {
	p.log.Error(fmt.Sprintf(format, args...))
}

// Fatalf implements pebble.Logger. Pebble goes on behind it, and the latch sees
// to it that nothing comes of that.
func (p pebbleLogger) Fatalf(format string, args ...any) {
	_ = p.latch.fail(fmt.Errorf("the log's storage engine failed: "+format, args...))
}

// events latches what Pebble finds out in the background.
func (p pebbleLogger) events() *pebble.EventListener {
	return &pebble.EventListener{
		BackgroundError: func(err error) {
			_ = p.latch.fail(fmt.Errorf("the log's background work failed: %w", err))
		},
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			_ = p.latch.fail(&CorruptionError{info.Path, info.Details.Error()})
		},
		WriteStallBegin: func(info pebble.WriteStallBeginInfo) {
			p.log.Warn("log writes wait for a flush", "reason", info.Reason)
		},
	}
}
