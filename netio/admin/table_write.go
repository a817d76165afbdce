package admin

import "github.com/thronggrid/throng/grid/meter"

// writeTable is about the steps of a write.
func writeTable() []Metric {
	return []Metric{
		{
			Name: "throng_command_seconds", Type: Histogram,
			Labels: []string{"step"}, Buckets: times,
			Help: "How long commands took in each step: queue (until proposed), commit (until " +
				"replicated and synced), apply (until executed), and total. All commands of an " +
				"entry count as its first.",
			read: func(s *Sample, e *emitter) {
				e.histogram(&s.Writes.Queue, []string{"queue"})
				e.histogram(&s.Writes.Commit, []string{"commit"})
				e.histogram(&s.Writes.Apply, []string{"apply"})
				e.histogram(&s.Writes.Total, []string{"total"})
			},
		},
		{
			Name: "throng_commands_total", Type: Counter, Labels: []string{"outcome"},
			Help: "What became of commands: done, error (answered by a slot), elsewhere (sent on " +
				"to another slot), unknown, refused (no leader), full (too many waited).",
			read: func(s *Sample, e *emitter) {
				w := &s.Writes
				e.value(float64(w.Done), []string{"done"})
				e.value(float64(w.Errors), []string{"error"})
				e.value(float64(w.Elsewhere), []string{"elsewhere"})
				e.value(float64(w.Unknown), []string{"unknown"})
				e.value(float64(w.Refused), []string{"refused"})
				e.value(float64(w.Full), []string{"full"})
			},
		},
		spread("throng_entry_commands", "Commands in each entry that was proposed.", counts,
			func(s *Sample) *meter.Reading { return &s.Writes.EntryCommands }),
		spread("throng_entry_size_bytes", "Bytes of each entry that was proposed.", bytes,
			func(s *Sample) *meter.Reading { return &s.Writes.EntryBytes }),
	}
}
