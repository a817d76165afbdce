package main

import (
	"runtime"
	"time"

	"github.com/thronggrid/throng/durable/disk"
	records "github.com/thronggrid/throng/durable/record"
	"github.com/thronggrid/throng/durable/wal"
	"github.com/thronggrid/throng/netio/admin"
	"github.com/thronggrid/throng/shard/host"
)

// sample fills in what the node has counted; while it starts, that is little.
func (n *node) sample(s *admin.Sample) {
	s.Version, s.Go, s.Started = readVersion().Version, runtime.Version(), n.started
	if !n.serves.Load() {
		return
	}
	s.Incarnation = n.shards.Incarnation()
	s.Edge = n.edge.Stats()
	shards, space := n.shards.Stats(), n.space.Stats()
	var tables records.Stats
	if n.records != nil {
		tables = n.records.Stats()
	}
	sampleShards(s, &shards, n.shards.Health().Shards)
	sampleLog(s, &shards.Log)
	sampleRecords(s, &tables)
	s.Engines = append(s.Engines,
		engine("log", &shards.Log.Engine), engine("records", &tables.Engine))
	sampleSpace(s, &space)
	s.Space.Refused = n.gate.Refused()
	s.State = stateOf(n.shards.Sizes(), time.Now().UnixMicro())
	sampleWaiting(s, &shards)
	memory := n.memory.Stats()
	s.Memory = admin.Memory{UsedBytes: memory.UsedBytes, LimitBytes: memory.LimitBytes,
		High: memory.High}
}

func sampleShards(s *admin.Sample, from *host.Stats, health []host.ShardHealth) {
	s.Writes = admin.Writes{
		Queue: from.Queue, Commit: from.Commit, Apply: from.Apply, Total: from.Total,
		EntryCommands: from.EntryCommands, EntryBytes: from.EntryBytes,
		Done: from.Done, Errors: from.Errors, Elsewhere: from.Elsewhere,
		Unknown: from.Unknown, Refused: from.Refused, Full: from.Full,
	}
	for i := range from.Shards {
		g := &from.Shards[i]
		s.Shards = append(s.Shards, admin.Shard{
			Number: g.Shard, Served: health[i].Leads, Lag: health[i].Lag,
			QueueCommands: g.QueueCommands,
			QueueBytes:    g.QueueBytes, QueueMicros: g.QueueMicros, Entries: g.Entries,
			SinceSnapshot: g.SinceSnapshot, StateBytes: g.StateBytes,
			SnapshotsTaken: g.Snapshots.Taken, SnapshotsFailed: g.Snapshots.Failed,
			SnapshotsUnder: g.Snapshots.Under, SnapshotMicros: g.Snapshots.Micros,
			SnapshotSizes: g.Snapshots.Sizes,
		})
	}
	for _, l := range from.Log.Logs {
		if int(l.Group) < len(s.Shards) {
			s.Shards[l.Group].LogBytes = l.Bytes
		}
	}
}

func sampleLog(s *admin.Sample, from *wal.Stats) {
	s.Log = admin.Log{
		Entries: from.Entries, Commits: from.Commits, Bytes: from.Bytes,
		Sync: from.Sync, Groups: from.Groups, CommitBytes: from.CommitBytes,
	}
}

func sampleRecords(s *admin.Sample, from *records.Stats) {
	s.Records = admin.Records{
		Views: from.Views, Updates: from.Updates,
		Failed: from.Failed, Syncs: from.Syncs, Writes: from.Written,
	}
}

func sampleSpace(s *admin.Sample, from *disk.SpaceStats) {
	s.Space = admin.Space{FreeBytes: from.FreeBytes, TotalBytes: from.TotalBytes,
		Ballast: from.Ballast, Low: from.Low, Full: from.Full}
}

func engine(name string, from *disk.Stats) admin.Engine {
	return admin.Engine{Name: name, DiskBytes: from.DiskBytes, MemTableBytes: from.MemTableBytes,
		Compactions: from.Compactions, DebtBytes: from.DebtBytes,
		Stalls: from.Stalls, Micros: from.StallMicros}
}
