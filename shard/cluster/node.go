package cluster

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/shard/host"
	"github.com/thronggrid/throng/shard/meta"
	"github.com/thronggrid/throng/shard/peer"
)

// Node is this node among others. Its methods may be called from any goroutine.
type Node struct {
	options Options
	host    *host.Host
	meta    *meta.Machine
	peers   peer.Peers
	clock   clock.Clock
	log     *slog.Logger
	nonce   uint64 // of this start
	began   int64  // µs: when it was opened

	is standing // written before the goroutines run, then by the one that follows

	others atomic.Pointer[[]peer.Node]
	hint   atomic.Uint32 // who may lead the meta group; 0: nobody knows
	turn   atomic.Uint32 // of others, who is asked when nobody knows

	life   life
	orders orders
	signs  signs
	rec    reconciler

	stop    chan struct{}
	stopped sync.Once
	running sync.WaitGroup
	again   chan struct{} // a token: the topology is to be looked at again
	ready   readiness

	ended struct {
		once sync.Once
		done chan struct{}
		err  error // set before done is closed
	}
}

// Identity is who a node is.
type Identity struct {
	Cluster grid.ID
	Origin  grid.Origin
}

// Open finds out who this node is, which may take until another node answers, and lets it
// live from then on.
func Open(ctx context.Context, o Options) (*Node, error) {
	n := &Node{options: o, host: o.Host, meta: o.Meta, peers: o.Peers, clock: o.Clock,
		log: o.Logger, began: o.Clock.Micros(),
		stop: make(chan struct{}), again: make(chan struct{}, 1)}
	n.ended.done = make(chan struct{})
	n.orders.wake = make(chan struct{}, 1)
	var nonce [8]byte
	o.Random(nonce[:])
	n.nonce = binary.BigEndian.Uint64(nonce[:])
	if err := n.open(ctx); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func (n *Node) open(ctx context.Context) error {
	if err := n.loadStanding(); err != nil {
		return err
	}
	n.peers.Serve(peer.Members, n.take)
	if err := n.settle(ctx); err != nil {
		return err
	}
	n.host.SetNode(n.is.number)
	n.options.Begin(Identity{n.is.cluster, n.host.Origin()})
	n.reach(n.is.peers)
	var founders []uint32
	if n.founder() {
		founders = []uint32{n.is.number}
	}
	if err := n.host.Start(host.MetaGroup, founders); err != nil {
		return fmt.Errorf("start the meta group: %w", err)
	}
	n.life.begin(n)
	n.running.Go(n.follow)
	n.running.Go(n.live)
	n.kick()
	return nil
}

// settle makes sure that this node has a number.
func (n *Node) settle(ctx context.Context) error {
	o := &n.options
	switch {
	case n.is.number != 0 && n.is.alone && len(o.Join) > 0:
		return errors.New("this data directory is that of a node alone, and cannot join others: " +
			"start with an empty data directory, or leave --join out")
	case n.is.number != 0 && n.is.alone && o.Bootstrap:
		if o.Records {
			return errors.New("this data directory holds records, which a cluster of several " +
				"nodes cannot share yet: start with an empty data directory")
		}
		n.is.alone = false // others may join it from now on
		return n.storeStanding()
	case n.is.number != 0:
		return nil
	case len(o.Join) > 0:
		return n.join(ctx)
	}
	n.is.number, n.is.alone = founderNumber, !o.Bootstrap
	o.Random(n.is.cluster[:])
	return n.storeStanding()
}

// founderNumber is the number of the node that founds a cluster.
const founderNumber = 1

// founder says whether this node writes the first configuration of the meta group, if that
// has none.
func (n *Node) founder() bool { return n.is.number == founderNumber }

// Alone says whether this data directory is that of a node without peers.
func (n *Node) Alone() bool { return n.is.alone }

// Number returns this node's number.
func (n *Node) Number() uint32 { return n.is.number }

// kick lets the goroutine that follows look at the topology.
func (n *Node) kick() {
	select {
	case n.again <- struct{}{}:
	default:
	}
}

// end notes why this node cannot go on.
func (n *Node) end(err error) {
	n.ended.once.Do(func() {
		n.ended.err = err
		close(n.ended.done)
	})
}

// Done is closed when the node cannot go on; Err says why.
func (n *Node) Done() <-chan struct{} { return n.ended.done }

// Err returns ErrDead or ErrRemoved once Done is closed.
func (n *Node) Err() error { return n.ended.err }

// Close ends the node's part; host and peers are closed by whoever opened them.
func (n *Node) Close() error {
	n.stopped.Do(func() { close(n.stop) })
	n.running.Wait()
	return nil
}

// leavePatience is how long Leave waits for an answer.
const leavePatience = 2 * time.Second

// Leave tells the others that this node is about to stop, so that nobody waits for it. It
// is called when all its sessions are detached and all leaderships handed over.
func (n *Node) Leave(ctx context.Context) error {
	at := n.host.Origin()
	c := &meta.Leave{Number: at.Node(), Incarnation: at.Incarnation()}
	heard := make(chan error, 1)
	n.propose(c, func(_ []byte, err error) { heard <- err })
	late := n.after(leavePatience)
	defer late.stop()
	select {
	case err := <-heard:
		return err
	case <-late.c:
		return errNoLeader
	case <-ctx.Done():
		return ctx.Err()
	}
}
