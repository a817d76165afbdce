package host

import (
	"errors"
	"sync/atomic"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/meter"
)

// counters are the host's, for Stats. Any goroutine writes them: once per entry, but
// for what is refused. Whoever has got an outcome finds it counted.
type counters struct {
	queued, committed, applying, total meter.Histogram // per command, µs
	entryCommands, entryBytes          meter.Histogram

	done, elsewhere, errors, unknown atomic.Uint64
	refused, full                    atomic.Uint64

	ways, resting, carried atomic.Int64 // of errands, after its last round
	rested                 atomic.Uint64

	stores             meter.Histogram // µs
	rows, storesFailed atomic.Uint64
	archiveFails       atomic.Bool // the last thing that the archiver tried has failed
}

// carrying notes what errands have under way.
func (c *counters) carrying(now *carries) {
	c.ways.Store(int64(len(now.ways)))
	c.resting.Store(int64(len(now.resting)))
	c.carried.Store(int64(now.bytes))
}

// stored notes that the archive was given rows at a time, in µs, and what it said.
func (c *counters) stored(rows int, from, to int64, err error) {
	c.stores.Note(micros(from, to))
	if err != nil {
		c.storesFailed.Add(1)
		return
	}
	c.rows.Add(uint64(rows))
}

// left notes that a batch has become an entry of some bytes.
func (c *counters) left(b *batch, bytes int) {
	c.queued.NoteMany(micros(b.staged, b.proposed), uint64(b.count))
	c.entryCommands.Note(uint64(b.count))
	c.entryBytes.Note(uint64(bytes))
}

// applied notes that the entry of a batch was taken up by the applier, and that it
// was executed, at two times in µs.
func (c *counters) applied(b *batch, t *tally, took, now int64) {
	n := uint64(b.count)
	c.committed.NoteMany(micros(b.proposed, took), n)
	c.applying.NoteMany(micros(took, now), n)
	c.total.NoteMany(micros(b.staged, now), n)
	c.done.Add(n - t.elsewhere - t.errors)
	if t.elsewhere > 0 {
		c.elsewhere.Add(t.elsewhere)
	}
	if t.errors > 0 {
		c.errors.Add(t.errors)
	}
}

// failed notes that all commands of a batch are answered with one error.
func (c *counters) failed(b *batch, err error) {
	if e := (*fault.Error)(nil); errors.As(err, &e) && e.Unknown {
		c.unknown.Add(uint64(b.count))
		return
	}
	c.refused.Add(uint64(b.count))
}

// micros is the time between two, in µs. Of a time that is not known, or of clocks
// that do not agree, it makes nothing worse than 0.
func micros(from, to int64) uint64 { return uint64(max(0, to-from)) }

// tally counts the outcomes of one entry that are not "done". It belongs to the
// applier.
type tally struct{ elsewhere, errors uint64 }

func (t *tally) note(status byte) {
	switch fault.Code(status) {
	case fault.OK:
	case grid.StatusElsewhere:
		t.elsewhere++
	default:
		t.errors++
	}
}
