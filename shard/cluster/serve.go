package cluster

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/shard/host"
	"github.com/thronggrid/throng/shard/meta"
	"github.com/thronggrid/throng/shard/peer"
)

// take serves a message of channel Members: of another node, of a stranger (from is 0), or
// of this node itself. It is called on any goroutine and does not block.
func (n *Node) take(from grid.Origin, body []byte, answer func([]byte)) {
	if answer == nil {
		return // nothing on this channel is merely told
	}
	in := pack.NewCursor(body)
	more := in.Array() - 1
	about := subject(in.Uint())
	if err := in.Err(); err != nil {
		answer(refused(fault.Of(err)))
		return
	}
	if from == 0 && about != aboutJoin {
		answer(refused(fault.New(fault.PermissionDenied,
			"a stranger may only ask to join: this message is about %d", about)))
		return
	}
	switch {
	case about == aboutJoin && more >= 2:
		n.takeJoin(&in, answer)
	case about == aboutPropose && more >= 2:
		n.takeProposal(&in, answer)
	case about == aboutBeat && more >= 1:
		n.takeBeat(&in, answer)
	case about == aboutView:
		n.takeView(answer)
	case about == aboutTransfer && more >= 3:
		n.takeTransfer(&in, answer)
	default:
		answer(refused(fault.New(fault.Unimplemented,
			"this node does not know messages about %d with %d fields", about, more)))
	}
}

// leads says whether this node leads the meta group, and holds its lease.
func (n *Node) leads() bool { return n.host.Confirmed(host.MetaGroup) }

// appendProposal appends [2, kind, command].
func appendProposal(b []byte, kind grid.Kind, command []byte) []byte {
	b = appendSubject(b, aboutPropose, 2)
	b = pack.AppendUint(b, uint64(kind))
	return pack.AppendBytes(b, command)
}

func (n *Node) takeProposal(in *pack.Cursor, answer func([]byte)) {
	kind, command := in.Uint(), in.Bytes()
	if err := in.Err(); err != nil {
		answer(refused(fault.Of(err)))
		return
	}
	n.proposeHere(grid.Kind(min(kind, 1<<16-1)), command, answer)
}

// proposeHere proposes a command, if this node leads the meta group.
func (n *Node) proposeHere(kind grid.Kind, command []byte, answer func([]byte)) {
	if !n.leads() {
		answer(askAnother(n.leaderBut(n.is.number)))
		return
	}
	n.host.Propose(kind, command, func(reply []byte, err error) {
		if err != nil {
			answer(refused(err))
			return
		}
		answer(done(reply))
	})
}

// leaderBut returns the leader of the meta group unless that is a certain node.
func (n *Node) leaderBut(node uint32) uint32 {
	if l := n.host.Leader(host.MetaGroup); l != node {
		return l
	}
	return 0
}

func (n *Node) takeTransfer(in *pack.Cursor, answer func([]byte)) {
	var t transfer
	t.decode(in)
	if err := in.Err(); err != nil {
		answer(refused(fault.Of(err)))
		return
	}
	n.orders.add(t)
	answer(done(nil))
}

// appendJoin appends [1, command, 1 if it was passed on].
func appendJoin(b, command []byte, passed uint64) []byte {
	b = appendSubject(b, aboutJoin, 2)
	b = pack.AppendBytes(b, command)
	return pack.AppendUint(b, passed)
}

// takeJoin serves who wants to join: a stranger can ask but the nodes whose addresses it
// was told, so the message is passed on to the meta leader.
func (n *Node) takeJoin(in *pack.Cursor, answer func([]byte)) {
	command, passed := in.Bytes(), in.Uint()
	if err := in.Err(); err != nil {
		answer(refused(fault.Of(err)))
		return
	}
	leader := n.leader()
	switch {
	case n.options.Records:
		answer(refused(fault.New(fault.FailedPrecondition,
			"node %d holds records in its data directory, which a cluster of several cannot "+
				"share yet: start the cluster with empty data directories", n.is.number)))
	case n.leads():
		n.proposeHere(meta.KindJoin, command, func(reply []byte) { answer(n.welcome(reply)) })
	case passed != 0 || leader == 0 || leader == n.is.number:
		answer(refused(errNoLeader))
	default:
		pass := appendJoin(nil, command, 1)
		n.peers.Call(leader, peer.Members, pass, func(reply []byte, err error) {
			if err != nil {
				answer(refused(errNoLeader))
				return
			}
			answer(append([]byte(nil), reply...))
		})
	}
}
