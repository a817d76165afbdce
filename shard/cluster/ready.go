package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/thronggrid/throng/shard/meta"
)

// readyEvery is how often a start looks whether all shards have leaders.
const readyEvery = 5 * time.Millisecond

// patience is how long a start may wait for others before it says so.
const patience = 2 * time.Second

// sinceStart is how long ago the node was opened.
func (n *Node) sinceStart() time.Duration {
	return time.Duration(n.clock.Micros()-n.began) * time.Microsecond
}

// readiness says once whether this node has come so far that it can serve clients.
type readiness struct {
	mu   sync.Mutex
	lack func() error // what is missing; set by the goroutine that follows
}

// look notes what is missing as of a topology.
func (r *readiness) look(n *Node, t *meta.Topology) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lack = func() error { return n.lacks(t) }
}

// lacks returns why clients cannot be served yet.
func (n *Node) lacks(t *meta.Topology) error {
	if !n.life.registered.Load() {
		return errors.New("this start is not registered with the cluster yet")
	}
	if !n.is.alone && len(t.Keys.Server) == 0 {
		return errors.New("the cluster has no keys yet")
	}
	for number := range t.Shards {
		if n.options.Leader(number) == 0 {
			return fmt.Errorf("shard %d has no leader yet", number)
		}
	}
	return nil
}

// Ready waits until this start is registered and all shards have leaders that this node
// knows of.
func (n *Node) Ready(ctx context.Context) error {
	said := ""
	for {
		n.ready.mu.Lock()
		lack := n.ready.lack
		n.ready.mu.Unlock()
		err := errors.New("the topology of the cluster is not known here yet")
		if lack != nil {
			if err = lack(); err == nil {
				return nil
			}
		}
		if text := err.Error(); text != said && n.sinceStart() > patience {
			n.log.Info("waiting for the cluster", "reason", text)
			said = text
		}
		select {
		case <-n.ended.done:
			return n.ended.err
		default:
		}
		if stop := n.sleep(ctx, readyEvery); stop != nil {
			return fmt.Errorf("wait for the cluster: %w: %w", err, stop)
		}
	}
}
