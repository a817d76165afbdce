package host

import (
	"github.com/thronggrid/throng/durable/snapshot"
	"github.com/thronggrid/throng/durable/wal"
	"github.com/thronggrid/throng/grid/meter"
	"github.com/thronggrid/throng/grid/slot"
)

// Stats is what a host holds now, and has done since it was opened. Times are in
// microseconds. Commands are counted where they were handed to a lane, those of
// errands and the archiver among them; replays and followers are not.
type Stats struct {
	// The steps of a write, per command. All commands of an entry count as its first
	// one, so that the clock is read per entry: what came later took less.
	Queue  meter.Reading // from Lane.Flush until its entry is proposed
	Commit meter.Reading // then until the applier takes it up: replicated, synced, and its turn
	Apply  meter.Reading // then until the entry is executed
	Total  meter.Reading // from Lane.Flush until its outcome is handed on

	EntryCommands meter.Reading // per entry proposed: its commands
	EntryBytes    meter.Reading // per entry proposed: its bytes

	Done      uint64 // commands that a slot has carried out, or had before
	Errors    uint64 // commands that a slot has answered with an error
	Elsewhere uint64 // commands that a slot has sent on to another one
	Unknown   uint64 // commands whose outcome nobody knows: leadership was lost, or the node stops
	Refused   uint64 // commands that were not accepted, because the shard had no leader here
	Full      uint64 // commands that were not accepted, because QueueBytesMax waited already

	Errands ErrandStats
	Archive ArchiveStats

	Shards []ShardStats // in order of shards
	Log    wal.Stats    // of all shards; its time per fsync is part of Commit
}

// ErrandStats is what goes on between slots. What they owe each other is in Sizes.
type ErrandStats struct {
	Deliveries int    // of duties, under way or resting after a failure
	Bytes      int64  // of those under way
	Resting    int    // of the deliveries, those that rest
	Failed     uint64 // deliveries that failed, and are tried again
}

// ArchiveStats is what the archiver does. What it has yet to do is in Sizes.
type ArchiveStats struct {
	Stores  meter.Reading // per round: µs until the archive had stored what it was given
	Rows    uint64        // messages and changes to them that were stored
	Failed  uint64        // rounds that the archive did not store
	Failing bool          // the last thing that was tried has failed: messages stay in memory
}

// ShardStats is one shard.
type ShardStats struct {
	Shard         int
	QueueCommands int    // that wait to become entries
	QueueBytes    int64  // of these
	QueueMicros   uint64 // µs for which the oldest of them has waited
	Entries       int    // proposed, and not yet applied here
	SinceSnapshot int64  // bytes of entries applied since the last snapshot began
	StateBytes    int64  // of the state in the last snapshot, before compression
	Snapshots     snapshot.Stats
}

// Stats returns the numbers of this moment. Any goroutine may call it, before Close
// too; it takes some 100 µs, and holds up nothing for longer than a few.
func (h *Host) Stats() Stats {
	c := &h.count
	s := Stats{
		Queue: c.queued.Read(), Commit: c.committed.Read(), Apply: c.applying.Read(),
		Total: c.total.Read(), EntryCommands: c.entryCommands.Read(),
		EntryBytes: c.entryBytes.Read(), Done: c.done.Load(), Errors: c.errors.Load(),
		Elsewhere: c.elsewhere.Load(), Unknown: c.unknown.Load(), Refused: c.refused.Load(),
		Full: c.full.Load(), Log: h.db.Stats(),
		Errands: ErrandStats{Deliveries: int(c.ways.Load()), Bytes: c.carried.Load(),
			Resting: int(c.resting.Load()), Failed: c.rested.Load()},
		Archive: ArchiveStats{Stores: c.stores.Read(), Rows: c.rows.Load(),
			Failed: c.storesFailed.Load(), Failing: c.archiveFails.Load()},
	}
	now := h.clock.Micros()
	for _, g := range h.Groups() {
		s.Shards = append(s.Shards, g.stats(now))
	}
	return s
}

// Sizes returns what the state of each shard holds, in order of shards. Any goroutine may
// call it; it takes some 0.3 ms for all slots of the world, and holds an applier up for a
// few µs at a time.
func (h *Host) Sizes() []slot.Sizes {
	var all []slot.Sizes
	for _, g := range h.Groups() {
		all = append(all, g.machine.Sizes())
	}
	return all
}

func (g *Group) stats(now int64) ShardStats {
	commands, bytes, since := g.queue.waiting()
	s := ShardStats{Shard: g.number, QueueCommands: commands, QueueBytes: bytes,
		Entries: int(g.flying.Load()), SinceSnapshot: g.fsm.sinceSnapshot.Load(),
		StateBytes: g.fsm.stateBytes.Load(), Snapshots: g.snapshots.Stats()}
	if commands > 0 {
		s.QueueMicros = micros(since, now)
	}
	return s
}

// waiting returns the commands in the queue, their bytes, and since when the oldest
// waits, µs. There are at most QueueBytesMax/EntryBytesMax batches, or few more.
func (q *queue) waiting() (commands int, bytes, since int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, b := range q.batches {
		commands += b.count
		bytes += int64(b.bytes)
	}
	if len(q.batches) > 0 {
		since = q.batches[0].staged
	}
	return commands, bytes, since
}
