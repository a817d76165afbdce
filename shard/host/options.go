package host

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/gate"
)

// Options say how a node runs its shards. FS, Dir, Clock, Fatal and Logger must
// be given; the zero value of the rest means its default.
type Options struct {
	FS  vfs.FS
	Dir string // data directory
	// Clock gives entries their time; the leases use it too.
	Clock clock.Clock
	// Fatal is called once, with what broke, when the node must stop: a failed
	// disk, or a log that cannot be understood. It should not return.
	Fatal  func(error)
	Logger *slog.Logger

	// Space says what becomes of a write that finds the disk full; nil: it ends the
	// node. It is not closed by Host.Close.
	Space *disk.Space
	// Gate is asked about each command that does not come from the node itself; nil:
	// all are taken.
	Gate *gate.Gate

	// Node is this node's number, unique in the cluster; 0 if SetNode says it later.
	Node uint32
	// Transport returns the transport of a group's next replica here; default one without
	// peers. See Hook for what it may offer beside.
	Transport func(group uint32) raft.Transport
	// Meta is the machine of the meta group; nil if this node never has a replica of it.
	Meta Machine
	// Reign, if set, is told when this node begins to lead a group, and answers for it,
	// and when it no longer does: in order for each group, on a goroutine of that group,
	// which it must not block.
	Reign func(group int, term uint64, leads bool)
	// MayLead, if set, is asked when this node has won an election, and once a second
	// while it leads: if it says no, leadership is handed over. A sole voter is not asked.
	// Any goroutine may call it.
	MayLead func() bool

	// Archive takes the messages of chat channels; nil: none does. Its methods must
	// return in the end: Close waits for them.
	Archive chat.Archive
	// SessionGrace is how long a session of an incarnation of this node that has
	// ended may be resumed; default a minute.
	SessionGrace time.Duration
	// AtRest leaves the state as it is, to be looked at: the node itself has nothing
	// done that its log does not say. Nobody else is to be served then.
	AtRest bool

	// HeartbeatTimeout is how long a follower waits for its leader before it
	// stands, and the bound of the leader's lease; default 1.5 s.
	HeartbeatTimeout time.Duration
	// LogBytesMax is how much log a group gathers before it takes a snapshot, at
	// the least; a large state waits for LogPerState times its own size.
	LogBytesMax int64
	// Trim, if set, is called whenever a snapshot was written and much memory has
	// become garbage at once.
	Trim func()
	// RetainBytes is how much log a group keeps behind a snapshot, for replicas
	// that are a little late; default wal.DefaultRetainBytes.
	RetainBytes int64
}

const (
	defaultHeartbeat = 1500 * time.Millisecond
	defaultLogBytes  = 64 << 20
	defaultGrace     = time.Minute
	// LogPerState is how much log a group gathers before it takes a snapshot, as
	// a multiple of its state in the last one: what a restart replays against
	// what a snapshot costs.
	LogPerState = 4

	// EntryCommandsMax is about how many commands an entry holds at the most.
	EntryCommandsMax = 1024
	// EntryBytesMax is about how large an entry grows.
	EntryBytesMax = 64 << 10
	// entriesInFlightMax is how many entries of a group may wait for the disk;
	// a second one leaves early only when earlyCommandsMin commands wait for it.
	entriesInFlightMax = 3
	earlyCommandsMin   = 128
	// QueueBytesMax is how many bytes of commands may wait for a group's log.
	QueueBytesMax = 64 << 20

	// diskStallMax is how old an unfinished write may get before this node stops
	// sending heartbeats, so that followers elect another leader.
	diskStallMax = 2 * time.Second
)

func (o *Options) setDefaults() error {
	if o.FS == nil || o.Dir == "" || o.Clock == nil || o.Fatal == nil || o.Logger == nil {
		return errors.New("open the shards: FS, Dir, Clock, Fatal and Logger must be set")
	}
	if o.SessionGrace == 0 {
		o.SessionGrace = defaultGrace
	}
	if o.HeartbeatTimeout == 0 {
		o.HeartbeatTimeout = defaultHeartbeat
	}
	if o.LogBytesMax == 0 {
		o.LogBytesMax = defaultLogBytes
	}
	return nil
}

// serverID returns the name of a node in Raft's configurations.
func serverID(node uint32) raft.ServerID { return raft.ServerID(fmt.Sprintf("node-%d", node)) }

// nodeOf returns the number of the node of that name; 0 if it is not one.
func nodeOf(id raft.ServerID) uint32 {
	digits, _ := strings.CutPrefix(string(id), "node-")
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

// servers returns nodes as Raft's configurations name them.
func servers(nodes ...uint32) (all []raft.Server) {
	for _, n := range nodes {
		id := serverID(n)
		all = append(all, raft.Server{ID: id, Address: raft.ServerAddress(id)})
	}
	return all
}
