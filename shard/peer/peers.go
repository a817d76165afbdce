package peer

import (
	"errors"
	"time"

	"github.com/thronggrid/throng/grid"
)

// Channel says what a message is about, and so who takes it. The numbers go over the
// wire.
type Channel uint8

// The channels.
const (
	Raft     Channel = 1 // requests of the groups' Rafts, and their answers
	Snapshot Channel = 2 // pieces of snapshots, apart from all else
	Requests Channel = 3 // commands and queries for the shards that a node leads
	Outcomes Channel = 4 // what became of them
	Hints    Channel = 5 // pushes to sessions whose gateway is another node
	Relays   Channel = 6 // messages to streams that pass the log by
	Members  Channel = 7 // membership: joins, signs of life, who leads what
	// ChannelsEnd is above every channel.
	ChannelsEnd = 8
)

const (
	// BodyBytesMax is the longest body of a message, and of an answer.
	BodyBytesMax = 16 << 20
	// SilenceMax is how long a node may say nothing before its connection is given up.
	SilenceMax = 4 * time.Second
)

var (
	// ErrTooLarge says that nothing was sent: the body is longer than BodyBytesMax.
	ErrTooLarge = errors.New("the message is longer than a node may send in one piece")
	// ErrUnreachable says that nothing was sent: there is no connection to that node at
	// the moment, or too much waits for it.
	ErrUnreachable = errors.New("the node cannot be reached at the moment")
	// ErrLost says that the connection ended before an answer came: the node may have
	// taken the message, or not.
	ErrLost = errors.New("the connection to the node was lost before it answered")
)

// Peers reaches the other nodes of the cluster. No method blocks, and all but Serve and
// Watch may be called from any goroutine.
type Peers interface {
	// Tell sends a message that nobody answers. It owns the body from then on. It
	// returns ErrUnreachable or ErrTooLarge when nothing was sent.
	Tell(node uint32, c Channel, body []byte) error
	// Call sends a message and hands its answer to done, once, on any goroutine, which
	// done must not block, possibly before Call returns; the answer is valid during done
	// only. It owns the body. There is no time-out but the end of the connection: a node
	// that says nothing for SilenceMax loses it.
	Call(node uint32, c Channel, body []byte, done Done)
	// Ask is Call for who knows but an address: of a node that is to be joined.
	Ask(address string, c Channel, body []byte, done Done)
	// Serve names who takes the messages of a channel. It is called once for each, before
	// Start.
	Serve(c Channel, h Handler)
	// Watch lets a function know of what happens to nodes. It is called before Start; the
	// function is called on any goroutine, one call at a time for each node, and must not
	// block.
	Watch(f func(Event))
	// SetNodes says which other nodes there are; connections to all others are closed.
	SetNodes(nodes []Node)
}

// Done takes the answer to a call. The error is nil, or is or wraps ErrUnreachable,
// ErrTooLarge (nothing was done) or ErrLost (something may have been done).
type Done func(answer []byte, err error)

// Handler takes a message, whose body is valid until it returns; it must not block.
// From is the sender's incarnation; zero for a stranger's. Answer is nil when nobody
// waits; otherwise it is to be called once, on any goroutine, with a body that it owns.
type Handler func(from grid.Origin, body []byte, answer func(body []byte))

// Node is where a node is reached.
type Node struct {
	Number  uint32
	Address string // host:port
}

// State is what is known of a node.
type State uint8

// The states.
const (
	Up   State = 1 // messages reach it
	Down State = 2 // the connection is lost
	// Gone says more than Down: its process has ended. Its connections have closed, and
	// then its port refused a new one.
	Gone State = 3
)

// String returns the state in lower case.
func (s State) String() string {
	switch s {
	case Up:
		return "up"
	case Down:
		return "down"
	case Gone:
		return "gone"
	}
	return "unknown"
}

// Event says that the state of a node has changed.
type Event struct {
	// Node has the incarnation that is, or was last, connected.
	Node  grid.Origin
	State State
}
