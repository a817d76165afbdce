package admin

import "github.com/thronggrid/throng/grid/meter"

// logTable is about the log that all shards share.
func logTable() []Metric {
	return []Metric{
		spread("throng_log_sync_seconds", "How long each commit of the log took, fsync included.",
			times, func(s *Sample) *meter.Reading { return &s.Log.Sync }),
		spread("throng_log_commit_groups", "How many shards' entries each commit had.", counts,
			func(s *Sample) *meter.Reading { return &s.Log.Groups }),
		spread("throng_log_commit_size_bytes", "Bytes of each commit.", bytes,
			func(s *Sample) *meter.Reading { return &s.Log.CommitBytes }),
		count("throng_log_entries_total", "Entries stored.",
			func(s *Sample) uint64 { return s.Log.Entries }),
		count("throng_log_commits_total", "Commits, each with one fsync.",
			func(s *Sample) uint64 { return s.Log.Commits }),
		count("throng_log_written_bytes_total", "Bytes of all commits.",
			func(s *Sample) uint64 { return s.Log.Bytes }),
	}
}

// recordTable is about the record tables.
func recordTable() []Metric {
	return []Metric{
		{
			Name: "throng_records_seconds", Type: Histogram,
			Labels: []string{"call"}, Buckets: times,
			Help: "How long calls to the record tables took: view, or update (until on disk).",
			read: func(s *Sample, e *emitter) {
				e.histogram(&s.Records.Views, []string{"view"})
				e.histogram(&s.Records.Updates, []string{"update"})
			},
		},
		count("throng_records_failed_total", "Calls that returned an error, whosever it was.",
			func(s *Sample) uint64 { return s.Records.Failed }),
		count("throng_records_written_total", "Transactions that wrote something.",
			func(s *Sample) uint64 { return s.Records.Writes }),
		count("throng_records_syncs_total", "Fsyncs that made transactions durable.",
			func(s *Sample) uint64 { return s.Records.Syncs }),
	}
}

// perEngine is a metric with one number for each Pebble instance.
func perEngine(name string, t Type, help string, get func(*Engine) float64) Metric {
	return Metric{Name: name, Type: t, Help: help, Labels: []string{"engine"},
		read: func(s *Sample, e *emitter) {
			for i := range s.Engines {
				e.value(get(&s.Engines[i]), []string{s.Engines[i].Name})
			}
		}}
}

// diskTable is about what keeps bytes on the disk, and the room there is.
func diskTable() []Metric {
	return []Metric{
		perEngine("throng_engine_disk_bytes", Gauge,
			"Bytes of all files of a Pebble instance: log or records.",
			func(e *Engine) float64 { return float64(e.DiskBytes) }),
		perEngine("throng_engine_memtable_bytes", Gauge, "Bytes that its memtables take.",
			func(e *Engine) float64 { return float64(e.MemTableBytes) }),
		perEngine("throng_engine_debt_bytes", Gauge, "About what is left to compact.",
			func(e *Engine) float64 { return float64(e.DebtBytes) }),
		perEngine("throng_engine_compactions_total", Counter, "Compactions.",
			func(e *Engine) float64 { return float64(e.Compactions) }),
		perEngine("throng_engine_stalls_total", Counter,
			"How often writes had to wait for a flush or a compaction.",
			func(e *Engine) float64 { return float64(e.Stalls) }),
		perEngine("throng_engine_stall_seconds_total", Counter, "How long they did.",
			func(e *Engine) float64 { return seconds(e.Micros) }),
		one("throng_disk_free_bytes", Gauge, "Bytes that are free where the data directory is.",
			func(s *Sample) float64 { return float64(s.Space.FreeBytes) }),
		one("throng_disk_size_bytes", Gauge, "Bytes of that disk.",
			func(s *Sample) float64 { return float64(s.Space.TotalBytes) }),
		one("throng_disk_low", Gauge, "1 while what makes the state larger is refused, else 0.",
			func(s *Sample) float64 { return number(s.Space.Low) }),
		one("throng_disk_full", Gauge, "1 while every write is refused, else 0.",
			func(s *Sample) float64 { return number(s.Space.Full) }),
		one("throng_disk_ballast", Gauge,
			"1 while the file is there that is given up when a write finds no space, else 0.",
			func(s *Sample) float64 { return number(s.Space.Ballast) }),
		count("throng_commands_short_total", "Commands refused for lack of disk or memory.",
			func(s *Sample) uint64 { return s.Space.Refused }),
	}
}
