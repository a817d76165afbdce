package disk

import (
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"

	"github.com/thronggrid/throng/grid/clock"
)

// Listen lets a Pebble instance tell of itself: its words go to log, and what
// it calls fatal to the latch, since a library does not end the process. What
// names the instance in messages: "the log". It returns what counts its stalls.
func Listen(
	o *pebble.Options, what string, log *slog.Logger, latch *Latch, c clock.Clock,
) *Stalls {
	e := engine{what: what, log: log, latch: latch}
	stalls := &Stalls{clock: c}
	o.Logger = e
	o.EventListener = &pebble.EventListener{
		BackgroundError: func(err error) {
			_ = latch.Fail(fmt.Errorf("the background work of %s failed: %w", what, err))
		},
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			_ = latch.Fail(Corrupt(info.Path, info.Details.Error()))
		},
		WriteStallBegin: func(info pebble.WriteStallBeginInfo) {
			stalls.begin()
			log.Warn("writes wait for a flush of "+what, "reason", info.Reason)
		},
		WriteStallEnd: stalls.end,
	}
	return stalls
}

// engine is the logger of a Pebble instance.
type engine struct {
	what  string
	log   *slog.Logger
	latch *Latch
}

// Infof implements pebble.Logger.
func (e engine) Infof(format string, args ...any) { e.log.Debug(fmt.Sprintf(format, args...)) }

// Errorf implements pebble.Logger.
func (e engine) Errorf(format string, args ...any) { e.log.Error(fmt.Sprintf(format, args...)) }

// Fatalf implements pebble.Logger. Pebble goes on behind it, and the latch sees
// to it that nothing comes of that.
func (e engine) Fatalf(format string, args ...any) {
	_ = e.latch.Fail(fmt.Errorf("the storage engine of "+e.what+" failed: "+format, args...))
}
