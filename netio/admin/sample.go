package admin

import (
	"time"

	"github.com/thronggrid/throng/grid/meter"
	"github.com/thronggrid/throng/netio"
)

// Sample is what a node has counted since its start, and how much of everything it has at
// the moment. Times are in µs, as they are counted.
type Sample struct {
	Version     string // of this program,
	Go          string // and of what it was built with
	Incarnation uint64 // counts the starts of the node on this data directory
	Started     time.Time

	Edge    netio.Stats
	Writes  Writes
	Shards  []Shard
	Log     Log
	Records Records
	Engines []Engine
	Space   Space
	Memory  Memory
	State   State
	Duties  Duties
	Archive Archive
}

// Writes is what became of commands, of all shards together.
type Writes struct {
	Queue, Commit, Apply, Total meter.Reading // µs per command
	EntryCommands, EntryBytes   meter.Reading // per entry

	Done, Errors, Elsewhere, Unknown, Refused, Full uint64
}

// Shard is one of the shards that the node hosts.
type Shard struct {
	Number        int
	Served        bool // there is a leader, and it serves
	QueueCommands int
	QueueBytes    int64
	QueueMicros   uint64 // for which the oldest command has waited
	Entries       int    // proposed and not applied
	Lag           uint64 // entries committed and not applied
	SinceSnapshot int64  // bytes of log
	StateBytes    int64  // in the last snapshot

	SnapshotsTaken, SnapshotsFailed uint64
	SnapshotsUnder                  int
	SnapshotMicros, SnapshotSizes   meter.Reading
	LogBytes                        int64 // of entries that are kept
}

// Log is the log of all shards.
type Log struct {
	Entries, Commits, Bytes   uint64
	Sync, Groups, CommitBytes meter.Reading
}

// Records is the record tables.
type Records struct {
	Views, Updates        meter.Reading // µs per call
	Failed, Syncs, Writes uint64
}

// Engine is one of the Pebble instances.
type Engine struct {
	Name           string // what it keeps: log, records
	DiskBytes      uint64
	MemTableBytes  uint64
	Compactions    uint64
	DebtBytes      uint64
	Stalls, Micros uint64 // how often, and for how long in all, writes had to wait
}

// Space is the room on the disk of the data directory.
type Space struct {
	FreeBytes, TotalBytes int64
	Low                   bool   // what makes the state larger is refused
	Full                  bool   // every write is
	Ballast               bool   // the file is there that is given up when a write finds no space
	Refused               uint64 // commands refused for lack of disk or memory
}
