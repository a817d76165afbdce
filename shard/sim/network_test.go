package sim

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
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
	ends   map[raft.ServerAddress]*endpoint
	cut    map[[2]raft.ServerAddress]bool // from, to
	loss   float64
	copies float64 // share of requests that arrive twice
	slow   time.Duration
}

func newNetwork(seed uint64) *network {
	return &network{rand: rand.New(rand.NewPCG(seed, 1)), slow: 2 * time.Millisecond,
		ends: make(map[raft.ServerAddress]*endpoint), cut: make(map[[2]raft.ServerAddress]bool)}
}

// endpoint is one start of one node's place on the network: a raft.Transport.
type endpoint struct {
	net      *network
	addr     raft.ServerAddress
	consumer chan raft.RPC
	closed   chan struct{}
	once     sync.Once
}

func (n *network) join(addr raft.ServerAddress) *endpoint {
	n.mu.Lock()
	defer n.mu.Unlock()
	e := &endpoint{net: n, addr: addr, consumer: make(chan raft.RPC), closed: make(chan struct{})}
	n.ends[addr] = e
	return e
}

// setCut cuts or mends the way from one node to another.
func (n *network) setCut(from, to raft.ServerAddress, cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut[[2]raft.ServerAddress{from, to}] = cut
}

func (n *network) heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.cut)
	n.loss, n.copies, n.slow = 0, 0, 2*time.Millisecond
}

// way decides the fate of one message.
func (n *network) way(from, to raft.ServerAddress) (at *endpoint, delay time.Duration, twice bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delay = time.Duration(n.rand.Int64N(int64(n.slow)))
	if n.cut[[2]raft.ServerAddress{from, to}] || n.rand.Float64() < n.loss {
		return nil, delay, false
	}
	return n.ends[to], delay, n.rand.Float64() < n.copies
}

// call sends a request and waits for its answer.
func (e *endpoint) call(to raft.ServerAddress, command any, data []byte) (any, error) {
	deadline := time.NewTimer(rpcTimeout)
	defer deadline.Stop()
	at, delay, twice := e.net.way(e.addr, to)
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
		back, delay, _ := e.net.way(to, e.addr)
		if back == nil || at.isClosed() { // a dead node's answer is not heard
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

// AppendEntriesPipeline sends one request after the other without waiting for
// answers; it breaks at the first error, as a connection would.
func (e *endpoint) AppendEntriesPipeline(_ raft.ServerID, to raft.ServerAddress) (raft.AppendPipeline, error) {
	p := &pipeline{e: e, to: to, todo: make(chan *flight, 64),
		done: make(chan raft.AppendFuture, 64), stop: make(chan struct{})}
	go p.run()
	return p, nil
}

type pipeline struct {
	e    *endpoint
	to   raft.ServerAddress
	todo chan *flight
	done chan raft.AppendFuture
	stop chan struct{}
	once sync.Once
}

// flight is one request of a pipeline: a raft.AppendFuture.
type flight struct {
	start time.Time
	args  *raft.AppendEntriesRequest
	resp  *raft.AppendEntriesResponse
	ready chan struct{}
	err   error
}

func (f *flight) Error() error                          { <-f.ready; return f.err }
func (f *flight) Start() time.Time                      { return f.start }
func (f *flight) Request() *raft.AppendEntriesRequest   { return f.args }
func (f *flight) Response() *raft.AppendEntriesResponse { return f.resp }

func (p *pipeline) AppendEntries(args *raft.AppendEntriesRequest,
	resp *raft.AppendEntriesResponse) (raft.AppendFuture, error) {
	f := &flight{start: time.Now(), args: args, resp: resp, ready: make(chan struct{})}
	select {
	case p.todo <- f:
		return f, nil
	case <-p.stop:
		return nil, raft.ErrPipelineShutdown
	}
}

func (p *pipeline) run() {
	broken := error(nil)
	for {
		select {
		case f := <-p.todo:
			if f.err = broken; f.err == nil {
				f.err = call(p.e, p.to, f.args, nil, f.resp)
				broken = f.err
			}
			close(f.ready)
			select {
			case p.done <- f:
			case <-p.stop:
				return
			}
		case <-p.stop:
			return
		}
	}
}

func (p *pipeline) Consumer() <-chan raft.AppendFuture { return p.done }

func (p *pipeline) Close() error {
	p.once.Do(func() { close(p.stop) })
	return nil
}
