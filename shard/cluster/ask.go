package cluster

import (
	"errors"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/shard/host"
	"github.com/thronggrid/throng/shard/meta"
	"github.com/thronggrid/throng/shard/peer"
)

var errNoLeader = &fault.Error{Code: fault.Unavailable, Retry: 500 * time.Millisecond,
	Message: "the meta group has no leader that this node knows: is a majority of its nodes up?"}

// leader returns which node leads the meta group, as far as this one knows; 0: it does not.
func (n *Node) leader() uint32 {
	if l := n.host.Leader(host.MetaGroup); l != 0 {
		return l
	}
	return n.hint.Load()
}

// ask sends a message to the meta leader and hands what it answers to done, once, which
// must not block: on any goroutine, on this one when this node leads. It tries one node; a
// failure may be tried again, and then goes to another one if it was that node's.
func (n *Node) ask(body []byte, done func(body []byte, err error)) {
	to := n.leader()
	if to == 0 {
		to = n.another()
	}
	if to == n.is.number {
		n.take(n.host.Origin(), body, func(answer []byte) { n.heard(answer, done) })
		return
	}
	if to == 0 {
		done(nil, errNoLeader)
		return
	}
	n.peers.Call(to, peer.Members, body, func(answer []byte, err error) {
		if err != nil {
			n.hint.Store(0)
			done(nil, err)
			return
		}
		n.heard(answer, done)
	})
}

// another returns each of the other nodes in turn, and this one; 0 when there is none.
func (n *Node) another() uint32 {
	others := n.others.Load()
	if others == nil {
		return 0
	}
	at := int(n.turn.Add(1)) % (len(*others) + 1)
	if at == len(*others) {
		return n.is.number
	}
	return (*others)[at].Number
}

// heard reads an answer.
func (n *Node) heard(answer []byte, done func(body []byte, err error)) {
	body, leader, again, err := answerOf(answer)
	if again {
		n.hint.Store(leader)
		err = errNoLeader
	}
	done(body, err)
}

// propose asks the meta leader to propose a command.
func (n *Node) propose(c meta.Command, done func(reply []byte, err error)) {
	n.ask(appendProposal(nil, c.Kind(), c.Append(nil)), done)
}

// refusedForGood says whether an error is the topology's, which asking again does not change:
// it names no time to do so after, and leaves no doubt.
func refusedForGood(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Retry == 0 && !f.Unknown &&
		f.Code != fault.Unavailable && f.Code != fault.ResourceExhausted
}
