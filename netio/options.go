package netio

import (
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/netio/credential"
	"github.com/thronggrid/throng/netio/wire"
)

// Fixed limits.
const (
	// LingerTicks is how many ticks a connection that was told goodbye may stay.
	LingerTicks = 20
	// StallTicks is how long a client may leave a quarter of OutBytesMax unread.
	StallTicks = 100
	// FilesReserve is how many file descriptors are kept from connections: for
	// files, and for those connections that wait to be turned away. gnet ends when
	// it finds none left.
	FilesReserve = 5000

	// RoundBytesMax is how much is pushed of one stream at a time, unless a single
	// message has more.
	RoundBytesMax = 64 << 10
	// StreamBytesMax is how much may wait to be pushed of one stream, PendingBytesMax
	// of all, and StreamsPendingMax of how many. What is more is dropped, and those on
	// the stream are told that they missed something.
	StreamBytesMax    = 1 << 20
	PendingBytesMax   = 16 << 20
	StreamsPendingMax = 1 << 16
	// RoundsMax is how many rounds of pushes may be under way at a time.
	RoundsMax = 4
	// LettersMax is how many pushes for single connections may wait for a loop.
	LettersMax = 1 << 16
	// ErrandsMax is how many errands of each of the two sorts may wait for a worker.
	ErrandsMax = 1024
	// SlowRequestsMax is how many slow requests may wait to be logged.
	SlowRequestsMax = 256
	// DetachesMax is how many connections of a loop there may be, those included
	// whose end is not stored yet.
	DetachesMax = 1 << 20

	unreadTimeouts = 3     // HelloTimeouts for which a client may leave all unread
	momentTicks    = 20    // for which a connection may do without a session
	connectionsFew = 1000  // room for less is warned of
	filesUseful    = 20000 // the limit of open files that is then recommended

	ticksPerHello  = 100      // the length of a tick: HelloTimeout by this
	flushBytes     = 64 << 10 // an outgoing buffer is written early beyond this
	bufferBytes    = 4 << 10  // a fresh outgoing buffer
	buffersMax     = 256      // outgoing buffers that a loop keeps
	outcomesTurn   = 4096     // outcomes settled in a turn
	returnsTurn    = 32       // errands gone on with in a turn
	lettersTurn    = 1024     // letters read in a turn
	writesTurn     = 512      // connections that a round writes to in a turn
	detachesTurn   = 1024     // detaches staged in a turn
	recheckTurn    = 256      // sessions asked after in a turn
	recheckRows    = 16384    // connections looked at for that
	rechecksMax    = 1024     // sessions asked after at a time, by a loop
	stalledTurn    = 1024     // clients that do not read looked at in a turn
	turnBytes      = 1024     // so much of a reply counts as one more read
	keepAlive      = time.Minute
	chokedPause    = 2 * time.Millisecond // between looks at connections that do not read
	roundPauseMax  = 2 * time.Millisecond
	roundPauseMin  = 50 * time.Microsecond // less is not waited
	roundPatience  = 2 * time.Millisecond  // before others begin beside a round
	changesPause   = 50 * time.Millisecond // between two events of a stream's presences
	changeBytes    = 64                    // what a change takes beside its bytes
	eventsKept     = 64                    // presence.Events that are kept
	segmentsKept   = 1024                  // of a round
	roundBytesKept = 4 << 20
	targetsKept    = 1 << 16
	paperBytesKept = 1 << 20

	greetingBytesMax = 4 * wire.HelloBytesMax // sent by a client before its welcome

	serverKeyBytes = 16 // the shortest server key
)

// Options says how to serve. Addr and Shards must be set; of the rest, zero
// means the default.
type Options struct {
	Addr   string       // host:port; port 0: any
	Loops  int          // event loops; default: one per core
	Shards grid.Shards  // where requests go
	Relays Relays       // takes signals to other nodes; nil: there are none
	Ops    []grid.Op    // the requests that are served
	Logger *slog.Logger // default: discards

	ShardOf func(grid.Slot) int // names a slot's shard in the log; nil: slots alone are named

	// ServerKey is what the studio's own server authenticates with, at least 16
	// bytes. Empty: no server may connect.
	ServerKey string

	Tokens *credential.Tokens // gives out tokens, and takes them; nil: there are none
	Studio *credential.Studio // takes the studio's tokens; nil: none are taken

	// Origins are those of pages that may connect by WebSocket, each like
	// https://game.example. Empty: all may.
	Origins []string

	Limits *Limits // nil: DefaultLimits

	// PendingMax is how many numbered writes of a connection may be unanswered, and how
	// many of these others together: linearizable reads, those that workers complete,
	// writes without a number, and messages passed on. Default, and most,
	// grid.RequestsMax.
	PendingMax     int
	ConnectionsMax int           // default: the limit of open files less FilesReserve
	FrameBytesMax  int           // of a client's frame with its head; default wire.FrameBytesMax
	OutBytesMax    int           // bytes waiting for a connection, else it is closed; default 1 MiB
	ReadsPerTurn   int           // answered at once in a loop's turn (see turnBytes); default 512
	FreshMax       int           // connections long without a session (fresh.go); default 4096
	Workers        int           // goroutines for slow reads, and for tokens; default: two per core
	HelloTimeout   time.Duration // from accept to welcome; default 10 s
	Grace          time.Duration // how long a session outlives its connection; default 60 s
	ReconnectAfter time.Duration // told to clients at shutdown; default 500 ms
	Agent          string        // what the server calls itself; default "throng"
}

// Validate says what is wrong with the options.
func (o *Options) Validate() error {
	_, port, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return fmt.Errorf("the address %q: want host:port: %w", o.Addr, err)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return fmt.Errorf("the address %q: want a port of 0 to 65535: %w", o.Addr, err)
	}
	if o.Shards == nil {
		return fmt.Errorf("no shards to serve")
	}
	if n := len(o.ServerKey); n > 0 && n < serverKeyBytes || n > wire.ServerKeyBytesMax {
		return fmt.Errorf("the server key has %d bytes: want %d to %d random ones",
			n, serverKeyBytes, wire.ServerKeyBytesMax)
	}
	if n := o.FrameBytesMax; n != 0 && (n < wire.HelloBytesMax || n > wire.ReplyBytesMax) {
		return fmt.Errorf("frames of at most %d bytes: want %d to %d",
			n, wire.HelloBytesMax, wire.ReplyBytesMax)
	}
	if n := o.PendingMax; n > grid.RequestsMax {
		return fmt.Errorf("%d unanswered requests of a connection: want 1 to %d",
			n, grid.RequestsMax)
	}
	if least := ticksPerHello * time.Millisecond; o.HelloTimeout != 0 && o.HelloTimeout < least {
		return fmt.Errorf("a hello timeout of %v: want at least %v", o.HelloTimeout, least)
	}
	if len(o.Agent) > wire.AgentBytesMax {
		return fmt.Errorf("an agent of %d bytes: want at most %d", len(o.Agent), wire.AgentBytesMax)
	}
	for _, n := range []int{
		o.Loops, o.ConnectionsMax, o.FrameBytesMax, o.OutBytesMax, o.ReadsPerTurn, o.FreshMax,
		o.Workers, o.PendingMax, int(o.Grace),
	} {
		if n < 0 {
			return fmt.Errorf("a limit of %d: leave it 0 for the default", n)
		}
	}
	if o.Limits != nil {
		if err := o.Limits.Validate(); err != nil {
			return err
		}
	}
	if o.Loops > loopsMax {
		return fmt.Errorf("%d event loops: use at most %d", o.Loops, loopsMax)
	}
	for i := range o.Ops {
		if op := &o.Ops[i]; op.Kind < wire.KindFeatures || op.Prepare == nil {
			return fmt.Errorf("the request %q has kind %#x or no Prepare: kinds begin at %#x",
				op.Name, op.Kind, wire.KindFeatures)
		}
	}
	return nil
}

func (o *Options) defaults() {
	setDefault(&o.Loops, min(runtime.NumCPU(), loopsMax))
	setDefault(&o.FrameBytesMax, wire.FrameBytesMax)
	setDefault(&o.PendingMax, grid.RequestsMax)
	setDefault(&o.OutBytesMax, 1<<20)
	setDefault(&o.ReadsPerTurn, 512)
	setDefault(&o.FreshMax, 4096)
	setDefault(&o.Workers, 2*runtime.NumCPU())
	setDefault(&o.HelloTimeout, 10*time.Second)
	setDefault(&o.Grace, time.Minute)
	setDefault(&o.ReconnectAfter, 500*time.Millisecond)
	setDefault(&o.Agent, "throng")
	if o.Limits == nil {
		m := DefaultLimits()
		o.Limits = &m
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

func setDefault[T comparable](field *T, value T) {
	if *field == *new(T) {
		*field = value
	}
}

// opTable returns the requests by kind.
func opTable(ops []grid.Op) []*grid.Op {
	size := 0
	for i := range ops {
		size = max(size, int(ops[i].Kind)+1)
	}
	table := make([]*grid.Op, size)
	for i := range ops {
		op := ops[i]
		table[op.Kind] = &op
	}
	return table
}
