package sim

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

const rpcTimeout = 500 * time.Millisecond

var errLost = errors.New("the simulated network lost the message or its answer")

// network carries requests between endpoints with delay, loss and duplicates,
// and not at all between those that are cut.
type network struct {
	mu     sync.Mutex
	rand   *rand.Rand
	ends   map[place]*endpoint
	cut    map[[2]raft.ServerAddress]bool       // from, to
	held   map[raft.ServerAddress]time.Duration // how late answers reach a node
	loss   float64
	copies float64 // share of requests that arrive twice
	slow   time.Duration
}

func newNetwork(seed uint64) *network {
	return &network{rand: rand.New(rand.NewPCG(seed, 1)), slow: 2 * time.Millisecond,
		ends: make(map[place]*endpoint), cut: make(map[[2]raft.ServerAddress]bool),
		held: make(map[raft.ServerAddress]time.Duration)}
}

// place is where the replica of one group on one node is reached.
type place struct {
	group uint32
	addr  raft.ServerAddress
}

// endpoint is one start of one place on the network: a raft.Transport.
type endpoint struct {
	net *network
	place
	consumer chan raft.RPC
	closed   chan struct{}
	once     sync.Once
}

func (n *network) join(p place) *endpoint {
	n.mu.Lock()
	defer n.mu.Unlock()
	e := &endpoint{net: n, place: p, consumer: make(chan raft.RPC), closed: make(chan struct{})}
	n.ends[p] = e
	return e
}

// setCut cuts or mends the way from one node to another.
func (n *network) setCut(from, to raft.ServerAddress, cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut[[2]raft.ServerAddress{from, to}] = cut
}

// setHeld lets the answers that a node is sent from now on reach it late.
func (n *network) setHeld(to raft.ServerAddress, by time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held[to] = by
}

func (n *network) setWeather(loss, copies float64, slow time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.loss, n.copies, n.slow = loss, copies, slow
}

func (n *network) heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.cut)
	clear(n.held)
	n.loss, n.copies, n.slow = 0, 0, 2*time.Millisecond
}

// way decides the fate of one message: nil if it is lost.
func (n *network) way(from raft.ServerAddress, to place) (at *endpoint, delay time.Duration, twice bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delay = time.Duration(n.rand.Int64N(int64(n.slow)))
	if n.cut[[2]raft.ServerAddress{from, to.addr}] || n.rand.Float64() < n.loss {
		return nil, delay, false
	}
	return n.ends[to], delay, n.rand.Float64() < n.copies
}

// back decides the fate of an answer: false if it is lost.
func (n *network) back(from raft.ServerAddress, to place) (delay time.Duration, ok bool) {
	at, delay, _ := n.way(from, to)
	n.mu.Lock()
	defer n.mu.Unlock()
	return delay + n.held[to.addr], at != nil
}

// copied returns a request as the wire would carry it: Raft uses the memory of
// one that it has given up for the next.
func copied(command any) any {
	switch r := command.(type) {
	case *raft.AppendEntriesRequest:
		c := *r
		c.Entries = slices.Clone(r.Entries)
		return &c
	case *raft.RequestVoteRequest:
		c := *r
		return &c
	case *raft.RequestPreVoteRequest:
		c := *r
		return &c
	case *raft.InstallSnapshotRequest:
		c := *r
		return &c
	}
	return command
}

// call sends a request and waits for its answer. What a dead node would send or
// answer is not heard: nobody may rely on what its disk may have lost.
func (e *endpoint) call(to raft.ServerAddress, command any, data []byte) (any, error) {
	command = copied(command)
	if e.isClosed() {
		return nil, raft.ErrTransportShutdown
	}
	deadline := time.NewTimer(rpcTimeout)
	defer deadline.Stop()
	at, delay, twice := e.net.way(e.addr, place{e.group, to})
	if at == nil {
		return nil, e.wait(deadline.C)
	}
	if twice {
		go at.take(command, data, delay*2, make(chan raft.RPCResponse, 1))
	}
	answer := make(chan raft.RPCResponse, 1)
	go at.take(command, data, delay, answer)
	select {
	case r := <-answer:
		delay, ok := e.net.back(to, e.place)
		if !ok || at.isClosed() {
			return nil, e.wait(deadline.C)
		}
		time.Sleep(delay)
		return r.Response, r.Error
	case <-deadline.C:
		return nil, errLost
	case <-e.closed:
		return nil, raft.ErrTransportShutdown
	}
}

func (e *endpoint) isClosed() bool {
	select {
	case <-e.closed:
		return true
	default:
		return false
	}
}

func (e *endpoint) wait(deadline <-chan time.Time) error {
	select {
	case <-deadline:
		return errLost
	case <-e.closed:
		return raft.ErrTransportShutdown
	}
}

// take hands a request to the node after a delay, unless it is gone by then or
// does not take it in time.
func (e *endpoint) take(command any, data []byte, delay time.Duration, answer chan raft.RPCResponse) {
	time.Sleep(delay)
	rpc := raft.RPC{Command: command, RespChan: answer}
	if data != nil {
		rpc.Reader = bytes.NewReader(data)
	}
	late := time.NewTimer(rpcTimeout)
	defer late.Stop()
	select {
	case e.consumer <- rpc:
	case <-e.closed:
	case <-late.C:
	}
}

func call[R any](e *endpoint, to raft.ServerAddress, command any, data []byte, into *R) error {
	r, err := e.call(to, command, data)
	if err != nil {
		return err
	}
	*into = *r.(*R)
	return nil
}

func (e *endpoint) Consumer() <-chan raft.RPC     { return e.consumer }
func (e *endpoint) LocalAddr() raft.ServerAddress { return e.addr }

func (e *endpoint) AppendEntries(_ raft.ServerID, to raft.ServerAddress,
	args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	return call(e, to, args, nil, resp)
}

func (e *endpoint) RequestVote(_ raft.ServerID, to raft.ServerAddress,
	args *raft.RequestVoteRequest, resp *raft.RequestVoteResponse) error {
	return call(e, to, args, nil, resp)
}

func (e *endpoint) RequestPreVote(_ raft.ServerID, to raft.ServerAddress,
	args *raft.RequestPreVoteRequest, resp *raft.RequestPreVoteResponse) error {
	return call(e, to, args, nil, resp)
}

func (e *endpoint) TimeoutNow(_ raft.ServerID, to raft.ServerAddress,
	args *raft.TimeoutNowRequest, resp *raft.TimeoutNowResponse) error {
	return call(e, to, args, nil, resp)
}

func (e *endpoint) InstallSnapshot(_ raft.ServerID, to raft.ServerAddress,
	args *raft.InstallSnapshotRequest, resp *raft.InstallSnapshotResponse, r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return call(e, to, args, data, resp)
}

func (e *endpoint) EncodePeer(_ raft.ServerID, a raft.ServerAddress) []byte { return []byte(a) }
func (e *endpoint) DecodePeer(b []byte) raft.ServerAddress                  { return raft.ServerAddress(b) }
func (e *endpoint) SetHeartbeatHandler(func(raft.RPC))                      {}

func (e *endpoint) Close() error {
	e.once.Do(func() { close(e.closed) })
	return nil
}
