package admin

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/meter"
)

// State is what all shards hold, and what in it waits for others.
type State struct {
	Held []Held // one of each kind

	DutyMicros       uint64    // age of the oldest duty; 0: there is none
	Unarchived       grid.Size // what the archive lacks
	UnarchivedMicros uint64    // age of the oldest message of it; 0: none is known
}

// Held is how much the state holds of a kind of things.
type Held struct {
	Kind string // in the plural: boards, records
	Size grid.Size
}

// Duties is how what slots owe each other is brought to them.
type Duties struct {
	UnderWay, Resting int    // deliveries; those that failed rest before the next try
	Bytes             int64  // of those under way
	Failed            uint64 // deliveries that failed
}

// Archive is what the archiver does.
type Archive struct {
	Stores  meter.Reading // µs per round
	Rows    uint64        // messages, and changes to them, that were stored
	Failed  uint64        // rounds that were not
	Failing bool          // the last round was not
}

// ofKinds is a metric with one number for each kind of things in the state.
func ofKinds(name, help string, get func(*grid.Size) int64) Metric {
	return Metric{Name: name, Type: Gauge, Help: help, Labels: []string{"kind"},
		read: func(s *Sample, e *emitter) {
			for i := range s.State.Held {
				h := &s.State.Held[i]
				e.value(float64(get(&h.Size)), []string{h.Kind})
			}
		}}
}

// stateTable is about what the shards hold.
func stateTable() []Metric {
	return []Metric{
		ofKinds("throng_state_things", "How much the state holds of each kind: boards, "+
			"records, sessions, tokens (used, not expired), streams, presences, channels, "+
			"messages (in memory), requests (clients whose requests are remembered), duties.",
			func(z *grid.Size) int64 { return z.Count }),
		ofKinds("throng_state_memory_bytes", "About what they take in memory.",
			func(z *grid.Size) int64 { return z.Bytes }),
		one("throng_duty_age_seconds", Gauge,
			"How long ago the oldest duty was left that a slot owes another; 0: none is.",
			func(s *Sample) float64 { return seconds(s.State.DutyMicros) }),
		{
			Name: "throng_deliveries", Type: Gauge, Labels: []string{"state"},
			Help: "Deliveries of duties: under_way, or resting after they failed.",
			read: func(s *Sample, e *emitter) {
				e.value(float64(s.Duties.UnderWay), []string{"under_way"})
				e.value(float64(s.Duties.Resting), []string{"resting"})
			},
		},
		one("throng_deliveries_size_bytes", Gauge, "Bytes of the deliveries under way.",
			func(s *Sample) float64 { return float64(s.Duties.Bytes) }),
		count("throng_deliveries_failed_total", "Deliveries that failed and are tried again.",
			func(s *Sample) uint64 { return s.Duties.Failed }),
	}
}

// archiveTable is about messages on their way from memory to the archive.
func archiveTable() []Metric {
	return []Metric{
		one("throng_unarchived_messages", Gauge,
			"Messages, and changes to them, that the archive lacks yet.",
			func(s *Sample) float64 { return float64(s.State.Unarchived.Count) }),
		one("throng_unarchived_size_bytes", Gauge, "About what these take in memory.",
			func(s *Sample) float64 { return float64(s.State.Unarchived.Bytes) }),
		one("throng_unarchived_age_seconds", Gauge,
			"How long ago the oldest message was sent that the archive lacks; 0: none is known.",
			func(s *Sample) float64 { return seconds(s.State.UnarchivedMicros) }),
		spread("throng_archive_seconds", "How long each round of the archiver took to store.",
			times, func(s *Sample) *meter.Reading { return &s.Archive.Stores }),
		count("throng_archive_stored_total", "Messages, and changes to them, that were stored.",
			func(s *Sample) uint64 { return s.Archive.Rows }),
		count("throng_archive_failed_total", "Rounds that could not be stored; tried again.",
			func(s *Sample) uint64 { return s.Archive.Failed }),
		one("throng_archive_failing", Gauge,
			"1 while the archiver's last round has failed, and messages stay in memory, else 0.",
			func(s *Sample) float64 { return number(s.Archive.Failing) }),
	}
}
