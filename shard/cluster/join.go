package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/shard/meta"
	"github.com/thronggrid/throng/shard/peer"
)

const (
	// joinPause is how long a joiner waits after it has asked all addresses in vain.
	joinPause = 500 * time.Millisecond
	// joinPatience is how long it waits for one of them.
	joinPatience = 5 * time.Second
)

// welcome is what a joiner learns.
type welcome struct {
	cluster grid.ID
	number  uint32
	peers   []peer.Node
}

const welcomeFields = 3

func (w *welcome) append(b []byte) []byte {
	b = pack.AppendBytes(pack.AppendArray(b, welcomeFields), w.cluster[:])
	b = pack.AppendUint(b, uint64(w.number))
	return appendPeers(b, w.peers)
}

func (w *welcome) decode(b []byte) error {
	in := pack.NewCursor(b)
	more := in.Fields(welcomeFields)
	var err error
	if w.cluster, err = readID(&in); err != nil {
		return fmt.Errorf("decode a welcome to the cluster: %w", err)
	}
	w.number = uint32(min(in.Uint(), 1<<32-1))
	w.peers = readPeers(&in)
	if err := in.End(more); err != nil {
		return fmt.Errorf("decode a welcome to the cluster: %w", err)
	}
	return nil
}

// welcome makes the answer to a joiner of what the meta group replied to its command.
func (n *Node) welcome(answer []byte) []byte {
	reply, _, again, err := answerOf(answer)
	if again || err != nil {
		return answer
	}
	var r meta.Reply
	if err := r.Decode(reply); err != nil {
		return refused(err)
	}
	t := n.meta.Topology()
	w := welcome{cluster: t.Cluster, number: r.Number, peers: nodesOf(t, r.Number)}
	return done(w.append(nil))
}

// join asks the addresses, one after the other and again and again, until one of them has
// got this node its number, or refuses it for good.
func (n *Node) join(ctx context.Context) error {
	if n.options.Records {
		return errors.New("this data directory holds records, which a cluster of several nodes " +
			"cannot share yet: join with an empty data directory")
	}
	r := meta.Join{Profile: n.profile()}
	command := appendJoin(nil, r.Append(nil), 0)
	for said := ""; ; {
		for _, address := range n.options.Join {
			w, err := n.askToJoin(ctx, address, command)
			switch {
			case err == nil:
				return n.joined(w)
			case ctx.Err() != nil:
				return fmt.Errorf("join the cluster: %w", context.Cause(ctx))
			case refusedForGood(err):
				return fmt.Errorf("join the cluster at %s: %w", address, err)
			case err.Error() != said:
				said = err.Error()
				n.log.Warn("the cluster cannot be joined yet; it is tried again",
					"address", address, "error", err)
			}
		}
		if err := n.sleep(ctx, joinPause); err != nil {
			return fmt.Errorf("join the cluster: %w", err)
		}
	}
}

func (n *Node) askToJoin(ctx context.Context, address string, command []byte) (*welcome, error) {
	type result struct {
		w   *welcome
		err error
	}
	heard := make(chan result, 1)
	n.peers.Ask(address, peer.Members, append([]byte(nil), command...),
		func(answer []byte, err error) {
			var w welcome
			if err == nil {
				var body []byte
				var again bool
				if body, _, again, err = answerOf(answer); again {
					err = errNoLeader
				}
				if err == nil {
					err = w.decode(body)
				}
			}
			select {
			case heard <- result{&w, err}:
			default:
			}
		})
	late := n.after(joinPatience)
	defer late.stop()
	select {
	case r := <-heard:
		return r.w, r.err
	case <-late.c:
		return nil, fault.New(fault.Unavailable, "it does not answer")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// joined notes who this node is from now on.
func (n *Node) joined(w *welcome) error {
	n.is.cluster, n.is.number, n.is.peers = w.cluster, w.number, w.peers
	n.log.Info("joined the cluster", "node", w.number, "cluster", w.cluster)
	return n.storeStanding()
}
