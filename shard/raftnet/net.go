package raftnet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/shard/peer"
)

// Options say what a node's Rafts talk over.
type Options struct {
	Peers peer.Peers
	Clock clock.Clock
	// Random returns a number from 0 to below n. Any goroutine may call it.
	Random func(n int64) int64
}

// Net is the Rafts' part of a node's connections. Its methods may be called from any
// goroutine.
type Net struct {
	options Options

	mu     sync.RWMutex
	groups map[uint32]*Transport // those that are open

	snapshots atomic.Int32 // that come in
}

// New returns the Rafts' part of a node's connections, which are not started yet.
func New(o Options) *Net {
	n := &Net{options: o, groups: make(map[uint32]*Transport)}
	o.Peers.Serve(peer.Raft, n.take)
	o.Peers.Serve(peer.Snapshot, n.takePiece)
	o.Peers.Watch(n.heed)
	return n
}

// Transport returns the transport of a group on node self, which is open from when Raft
// asks for its Consumer until it closes it. A group has one at a time.
func (n *Net) Transport(self, group uint32) *Transport { return newTransport(n, self, group) }

// open lets requests of others come to a group.
func (n *Net) open(t *Transport) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.groups[t.number] = t
}

// group returns the transport of a group, nil if that is not open here.
func (n *Net) group(number uint32) *Transport {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.groups[number]
}

// forget closes a group, unless it was opened anew since.
func (n *Net) forget(t *Transport) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.groups[t.number] == t {
		delete(n.groups, t.number)
	}
}

var errNotHere = errors.New("this node has no replica of the group")

// take serves a request of another node. Called on a connection's goroutine.
func (n *Net) take(from grid.Origin, body []byte, answer func([]byte)) {
	if answer == nil {
		return
	}
	in := &reader{b: body}
	number, k := in.uint(), kind(in.byte())
	t := n.group(uint32(min(number, 1<<32-1)))
	if in.bad || t == nil {
		answer(appendFailure(nil, errNotHere))
		return
	}
	command, term, err := decodeRequest(k, in, headerOf(from.Node()))
	switch {
	case err != nil:
	case k == kindStand:
		err = t.handOver(term, command, answer)
	default:
		err = t.submit(command, nil, answer)
	}
	if err != nil {
		answer(appendFailure(nil, err))
	}
}

// heed hears what happens to nodes.
func (n *Net) heed(e peer.Event) {
	n.mu.RLock()
	all := make([]*Transport, 0, len(n.groups))
	for _, t := range n.groups {
		all = append(all, t)
	}
	n.mu.RUnlock()
	for _, t := range all {
		if e.State != peer.Up {
			t.cutSnapshot(e.Node.Node())
		}
		if e.State == peer.Gone {
			t.leaderGone(ServerID(e.Node.Node()))
		}
	}
}

// serverPrefix begins the name of a server.
const serverPrefix = "node-"

// ServerID returns the name of a node in Raft's configurations.
func ServerID(node uint32) raft.ServerID {
	return raft.ServerID(serverPrefix + strconv.FormatUint(uint64(node), 10))
}

// nodeOf returns the number of a node by its name.
func nodeOf(name raft.ServerAddress) (uint32, error) {
	digits, ok := strings.CutPrefix(string(name), serverPrefix)
	n, err := strconv.ParseUint(digits, 10, 32)
	if !ok || err != nil {
		return 0, fmt.Errorf("%q is no name of a node", name)
	}
	return uint32(n), nil
}

// headerOf returns the header of what a node has sent.
func headerOf(node uint32) raft.RPCHeader {
	name := []byte(ServerID(node))
	return raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: name, Addr: name}
}

// begin returns the head of a request with room for its fields.
func begin(group uint32, k kind, room int) []byte {
	b := make([]byte, 0, binary.MaxVarintLen32+1+room)
	return append(binary.AppendUvarint(b, uint64(group)), byte(k))
}
