package raftnet

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/shard/peer"
)

const (
	// requestsMax is how many requests of others may wait for a group's Raft.
	requestsMax = 64
	// callPatience is how long a request may take. A node that is cut off is noticed by
	// its connection; this is for one whose Raft does not answer.
	callPatience = 5 * time.Second
)

var (
	errBusy = errors.New("the group's Raft has more requests than it can take")
	errLate = errors.New("the other node's Raft did not answer in time")
)

// Transport is one group's raft.Transport.
type Transport struct {
	net    *Net
	self   uint32
	number uint32
	stop   chan struct{} // closed by Close

	consumer chan raft.RPC
	screen   func(command any) error         // see Screen
	standing atomic.Pointer[func() Standing] // see Follow; nil: nobody says
	led      atomic.Uint64                   // the newest term that this node led in
	claim    atomic.Uint64                   // see mayClaim; 0: none

	mu struct {
		sync.Mutex
		owed      []owed // requests that Raft has, in order
		answering bool   // a goroutine waits for what Raft answers
		closed    bool
		asked     uint64    // the newest term in which a vote was asked of Raft
		heard     uint64    // the newest term of a leader whose entries Raft was handed
		snapshot  *incoming // nil: none comes in
		stand     clock.Timer
	}
	running sync.WaitGroup // the goroutines that wait for Raft
}

var (
	_ raft.Transport   = (*Transport)(nil)
	_ raft.WithPreVote = (*Transport)(nil)
	_ raft.WithClose   = (*Transport)(nil)
)

func newTransport(n *Net, self, number uint32) *Transport {
	return &Transport{net: n, self: self, number: number, stop: make(chan struct{}),
		consumer: make(chan raft.RPC, requestsMax)}
}

// Screen lets a function see each request before Raft does: its error is the answer. It is
// called before Raft is started; the function is called on connections' goroutines and
// must not block.
func (t *Transport) Screen(f func(command any) error) { t.screen = f }

// Inject hands Raft a request as if a node had sent it. It returns once Raft has taken it,
// or the transport is closed.
func (t *Transport) Inject(rpc raft.RPC) {
	select {
	case t.consumer <- rpc:
	case <-t.stop:
		rpc.Respond(nil, raft.ErrTransportShutdown)
	}
}

// Consumer returns the requests of others, which come from now on: none before somebody
// screens them.
func (t *Transport) Consumer() <-chan raft.RPC {
	t.net.open(t)
	return t.consumer
}

// LocalAddr returns this node's name.
func (t *Transport) LocalAddr() raft.ServerAddress { return raft.ServerAddress(ServerID(t.self)) }

// EncodePeer and DecodePeer leave names as they are.
func (t *Transport) EncodePeer(_ raft.ServerID, a raft.ServerAddress) []byte { return []byte(a) }

// DecodePeer is EncodePeer's inverse.
func (t *Transport) DecodePeer(b []byte) raft.ServerAddress { return raft.ServerAddress(b) }

// SetHeartbeatHandler does nothing: heartbeats go the way of all requests.
func (t *Transport) SetHeartbeatHandler(func(raft.RPC)) {}

// AppendEntries sends entries or a heartbeat, and waits for the answer.
func (t *Transport) AppendEntries(_ raft.ServerID, to raft.ServerAddress,
	args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	raise(&t.led, args.Term)
	return t.call(to, appendEntries(begin(t.number, kindAppend, entriesBytes(args)), args), resp)
}

// RequestVote asks for a vote. It claims a transfer of leadership only if there was one, or
// the leader is gone, in the term just before.
func (t *Transport) RequestVote(_ raft.ServerID, to raft.ServerAddress,
	args *raft.RequestVoteRequest, resp *raft.RequestVoteResponse) error {
	r := *args
	r.LeadershipTransfer = r.LeadershipTransfer && t.mayClaim(r.Term)
	return t.call(to, appendVote(begin(t.number, kindVote, 32), &r), resp)
}

// RequestPreVote asks whether a vote would be given.
func (t *Transport) RequestPreVote(_ raft.ServerID, to raft.ServerAddress,
	args *raft.RequestPreVoteRequest, resp *raft.RequestPreVoteResponse) error {
	return t.call(to, appendPreVote(begin(t.number, kindPreVote, 32), args), resp)
}

// TimeoutNow asks another node to stand, in the term that this one leads in.
func (t *Transport) TimeoutNow(_ raft.ServerID, to raft.ServerAddress,
	_ *raft.TimeoutNowRequest, resp *raft.TimeoutNowResponse) error {
	return t.call(to, appendTerm(begin(t.number, kindStand, 16), t.led.Load()), resp)
}

// raise raises a term to another.
func raise(term *atomic.Uint64, to uint64) {
	for {
		was := term.Load()
		if to <= was || term.CompareAndSwap(was, to) {
			return
		}
	}
}

// call sends a request and waits until its answer is read into resp.
func (t *Transport) call(to raft.ServerAddress, body []byte, resp any) error {
	node, err := nodeOf(to)
	if err != nil {
		return err
	}
	heard := make(chan reply, 2) // the answer, and that it is late
	t.net.options.Peers.Call(node, peer.Raft, body, func(answer []byte, err error) {
		heard <- reply{append([]byte(nil), answer...), err}
	})
	late := t.net.options.Clock.AfterFunc(callPatience, func() { heard <- reply{nil, errLate} })
	defer late.Stop()
	select {
	case r := <-heard:
		return r.read(node, resp)
	case <-t.stop:
		return raft.ErrTransportShutdown
	}
}

// reply is what came of a call.
type reply struct {
	answer []byte
	err    error
}

// read reads it into a response of Raft's. Only who waits for the answer does: Raft uses a
// response again once its call has returned.
func (r reply) read(node uint32, resp any) error {
	if r.err != nil {
		return r.err
	}
	return decodeAnswer(r.answer, resp, headerOf(node))
}

// Close ends the transport: who waits for an answer gets an error. Called by Raft.
func (t *Transport) Close() error {
	t.net.forget(t)
	t.mu.Lock()
	was := t.mu.closed
	t.mu.closed = true
	if t.mu.stand != nil {
		t.mu.stand.Stop()
	}
	t.mu.Unlock()
	if !was {
		close(t.stop)
	}
	t.endSnapshot(raft.ErrTransportShutdown)
	t.running.Wait()
	return nil
}
