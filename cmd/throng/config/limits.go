package config

import (
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/netio/wire"
)

// Limits is what a node takes from clients and holds for them.
type Limits struct {
	FrameBytesMax      int
	ConnectionsMax     int // 0: what the limit of open files leaves
	UnauthenticatedMax int
	HelloTimeout       time.Duration
	OutgoingBytesMax   int
	PendingRequestsMax int

	ConnectionsPerIPMax    int      // 0: any number
	ConnectionsPerIPExempt []string // see Clients
	SessionRequestsRate    int      // a second; 0: any number
	SessionRequestsBurst   int
	UserRequestsRate       int // a second; 0: any number
	UserRequestsBurst      int
}

// outgoingBytesMin is such that a reply alone never closes a connection: a quarter may
// wait when it is begun, and the longest has a page of records of some 320 kB.
const outgoingBytesMin = 512 << 10

func (l *Limits) keys() []Key {
	return append([]Key{{
		Name: "frame_bytes_max",
		Doc:  "`size` of the largest frame that a client may send, with its head",
		value: size(&l.FrameBytesMax, wire.FrameBytesMax,
			wire.HelloBytesMax, wire.ReplyBytesMax, ""),
	}, {
		Name: "connections_max",
		Doc:  "`number` of connections that the node takes",
		value: whole(&l.ConnectionsMax, 0, 1, 1<<20,
			"as many as the limit of open files leaves room for"),
	}, {
		Name: "unauthenticated_max",
		Doc: "`number` of connections that may be without a session for longer than a moment; " +
			"beyond it the oldest make room",
		value: whole(&l.UnauthenticatedMax, 4096, 16, 1<<20, ""),
	}, {
		Name:  "hello_timeout",
		Doc:   "`time` that a client has from its connection to its session",
		value: span(&l.HelloTimeout, 10*time.Second, time.Second, 5*time.Minute, ""),
	}, {
		Name: "outgoing_bytes_max",
		Doc: "`size` of what may wait for a client that does not read: from a quarter of it on " +
			"pushes are dropped and reads wait, and beyond it the connection is closed. The " +
			"least has room for that quarter and the longest page of history or of a board",
		value: size(&l.OutgoingBytesMax, 1<<20, outgoingBytesMin, 1<<30, ""),
	}, {
		Name: "pending_requests_max",
		Doc: "`number` of writes of one connection that may be unanswered, and of these others " +
			"together: linearizable reads, reads of history, signals. Clients are told it when " +
			"they connect",
		value: whole(&l.PendingRequestsMax, grid.RequestsMax, 1, grid.RequestsMax, ""),
	}}, l.clientKeys()...)
}
