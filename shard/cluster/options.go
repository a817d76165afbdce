package cluster

import (
	"errors"
	"log/slog"
	"time"

	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/shard"
	"github.com/thronggrid/throng/shard/host"
	"github.com/thronggrid/throng/shard/meta"
	"github.com/thronggrid/throng/shard/peer"
)

// Options say what a node is part of.
type Options struct {
	Host *host.Host
	Meta *meta.Machine // the same that Host has
	// Changed has a token whenever Meta's topology has changed.
	Changed <-chan struct{}
	Peers   peer.Peers // of a node alone: peer.Nobody
	// Begin is told who this node is, once that is known and before its first group starts:
	// messages of other nodes are taken from then on.
	Begin  func(Identity)
	Clock  clock.Clock
	Logger *slog.Logger
	Random func([]byte) // fills in random bytes

	// Bootstrap founds a cluster if the data directory is new, Join joins one.
	Bootstrap bool
	Join      []string // addresses of nodes

	Addresses Addresses
	Zone      string
	Version   string // of the program, for people
	// Records says that the data directory holds records, with which a node cannot be one of
	// several.
	Records bool

	// Table and Replicas are those of a new cluster.
	Table    *shard.Table
	Replicas int
	// Keys are given to a cluster that has none. Those of a node alone stay where they are.
	Keys meta.Keys
	// DeadAfter is how long a node may be silent before it is declared dead.
	DeadAfter time.Duration

	// Leader returns which node leads a shard, 0 when that is not known.
	Leader func(number int) uint32
	// Cut is called with true when the gateway must close its sessions and let nobody in,
	// and with false when it may serve again.
	Cut func(bool)
	// Sessions returns how many sessions this gateway has.
	Sessions func() int
}

// Addresses are where a node is reached.
type Addresses struct{ Peer, Client, HTTP string }

var (
	// ErrDead says that the others have declared this node dead while it lived: it is to
	// start again, as a new incarnation.
	ErrDead = errors.New("the cluster has declared this node dead, because it was not heard of " +
		"for dead_after: it starts again, and its clients connect anew")
	// ErrRemoved says that the node is no part of the cluster any more.
	ErrRemoved = errors.New("the cluster has removed this node: to let it join again, " +
		"start it with an empty data directory and --join")
)
