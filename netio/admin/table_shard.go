package admin

import (
	"strconv"

	"github.com/thronggrid/throng/grid/meter"
)

// perShard is a metric with one number for each shard.
func perShard(name string, t Type, help string, get func(*Shard) float64) Metric {
	return Metric{Name: name, Type: t, Help: help, Labels: []string{"shard"},
		read: func(s *Sample, e *emitter) {
			for i := range s.Shards {
				e.value(get(&s.Shards[i]), []string{strconv.Itoa(s.Shards[i].Number)})
			}
		}}
}

// ofShards is a histogram of all shards together.
func ofShards(name, help string, b Buckets, get func(*Shard) *meter.Reading) Metric {
	return spread(name, help, b, func(s *Sample) *meter.Reading {
		var sum meter.Reading
		for i := range s.Shards {
			sum.Add(get(&s.Shards[i]))
		}
		return &sum
	})
}

// shardTable is about each of the shards that the node hosts.
func shardTable() []Metric {
	return []Metric{
		perShard("throng_shard_served", Gauge,
			"1 when the shard has a leader that serves, else 0.",
			func(s *Shard) float64 { return number(s.Served) }),
		perShard("throng_shard_queue_commands", Gauge, "Commands that wait to be proposed.",
			func(s *Shard) float64 { return float64(s.QueueCommands) }),
		perShard("throng_shard_queue_bytes", Gauge, "Bytes of the commands that wait.",
			func(s *Shard) float64 { return float64(s.QueueBytes) }),
		perShard("throng_shard_queue_age_seconds", Gauge,
			"How long the oldest command has waited to be proposed.",
			func(s *Shard) float64 { return seconds(s.QueueMicros) }),
		perShard("throng_shard_entries_waiting", Gauge, "Entries proposed and not applied yet.",
			func(s *Shard) float64 { return float64(s.Entries) }),
		perShard("throng_shard_lag_entries", Gauge, "Entries committed and not applied yet.",
			func(s *Shard) float64 { return float64(s.Lag) }),
		perShard("throng_shard_state_bytes", Gauge,
			"Size of the state in the last snapshot, before compression.",
			func(s *Shard) float64 { return float64(s.StateBytes) }),
		perShard("throng_shard_log_bytes", Gauge, "Bytes of the entries that the log keeps.",
			func(s *Shard) float64 { return float64(s.LogBytes) }),
		perShard("throng_shard_since_snapshot_bytes", Gauge,
			"Bytes of log applied since the last snapshot began.",
			func(s *Shard) float64 { return float64(s.SinceSnapshot) }),
		perShard("throng_snapshots_total", Counter, "Snapshots finished.",
			func(s *Shard) float64 { return float64(s.SnapshotsTaken) }),
		perShard("throng_snapshots_failed_total", Counter, "Snapshots begun and not finished.",
			func(s *Shard) float64 { return float64(s.SnapshotsFailed) }),
		perShard("throng_snapshots_running", Gauge, "Snapshots that are being written.",
			func(s *Shard) float64 { return float64(s.SnapshotsUnder) }),
		ofShards("throng_snapshot_seconds", "How long a snapshot took until it was durable.",
			Buckets{From: 10, To: 30, Scale: 1e-6},
			func(s *Shard) *meter.Reading { return &s.SnapshotMicros }),
		ofShards("throng_snapshot_size_bytes", "Bytes of the files of snapshots.",
			Buckets{From: 10, To: 34, Scale: 1},
			func(s *Shard) *meter.Reading { return &s.SnapshotSizes }),
	}
}

func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func seconds(micros uint64) float64 { return float64(micros) / 1e6 }
