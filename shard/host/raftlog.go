package host

import (
	"sync/atomic"

	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/durable/wal"
)

// raftLog is a group's log as Raft sees it. Raft panics when it cannot store
// its term or read an entry. Once Fatal was called this node is dead to the
// world, the process is ending and nothing it says is heard, so a panic would
// only race with Fatal for the exit code: Raft is told pleasantries until it is
// shut down. What matters still fails: no entry is stored.
type raftLog struct {
	*wal.Log
	dead *atomic.Bool
}

var (
	_ raft.LogStore    = raftLog{}
	_ raft.StableStore = raftLog{}
)

// GetLog reads an entry; a dead node's are of no consequence.
func (l raftLog) GetLog(index uint64, e *raft.Log) error {
	err := l.Log.GetLog(index, e)
	if err != nil && l.dead.Load() {
		*e = raft.Log{Index: index, Type: raft.LogNoop}
		return nil
	}
	return err
}

// Set stores a value; what a dead node should have stored nobody hears of.
func (l raftLog) Set(key, value []byte) error { return l.excuse(l.Log.Set(key, value)) }

// SetUint64 stores a number likewise.
func (l raftLog) SetUint64(key []byte, v uint64) error { return l.excuse(l.Log.SetUint64(key, v)) }

func (l raftLog) excuse(err error) error {
	if err != nil && l.dead.Load() {
		return nil
	}
	return err
}
