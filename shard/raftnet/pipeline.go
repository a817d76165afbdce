package raftnet

import (
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/shard/peer"
)

// pipelineMax is how many requests may be on their way to one node, answers that Raft has
// not read included. Each may have many entries, so there are few.
const pipelineMax = 4

// pipeline sends entries without waiting for the answers to those before.
type pipeline struct {
	t    *Transport
	node uint32

	room chan struct{} // a token for each request on its way
	// ready has room for all that are on their way, as many that Raft has not read, and the
	// one that waited for room meanwhile.
	ready chan raft.AppendFuture
	stop  chan struct{}
	once  sync.Once
}

// AppendEntriesPipeline opens a pipeline to a node.
func (t *Transport) AppendEntriesPipeline(
	_ raft.ServerID, to raft.ServerAddress,
) (raft.AppendPipeline, error) {
	node, err := nodeOf(to)
	if err != nil {
		return nil, err
	}
	return &pipeline{t: t, node: node, room: make(chan struct{}, pipelineMax),
		ready: make(chan raft.AppendFuture, 2*pipelineMax+1), stop: make(chan struct{})}, nil
}

var errUnread = errors.New("the answers that came through the pipeline are not read")

// AppendEntries sends entries; it waits while there is no room, but not for ever: Raft does
// not end while it waits. Called by one goroutine of Raft's.
func (p *pipeline) AppendEntries(args *raft.AppendEntriesRequest,
	resp *raft.AppendEntriesResponse) (raft.AppendFuture, error) {
	if len(p.ready) > pipelineMax {
		return nil, errUnread // Raft goes on without the pipeline for a while
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	raise(&p.t.led, args.Term)
	f := &future{args: args, resp: resp, began: p.began(), done: make(chan struct{})}
	body := appendEntries(begin(p.t.number, kindAppend, entriesBytes(args)), args)
	p.t.net.options.Peers.Call(p.node, peer.Raft, body, func(answer []byte, err error) {
		p.end(f, reply{answer, err})
	})
	return f, nil
}

// enter waits for room for one more request.
func (p *pipeline) enter() error {
	select {
	case p.room <- struct{}{}:
		return nil
	default:
	}
	late := make(chan struct{})
	timer := p.t.net.options.Clock.AfterFunc(callPatience, func() { close(late) })
	defer timer.Stop()
	select {
	case p.room <- struct{}{}:
		return nil
	case <-late:
		return errLate
	case <-p.stop:
		return raft.ErrPipelineShutdown
	case <-p.t.stop:
		return raft.ErrTransportShutdown
	}
}

// began is when a request is sent, for Raft's metrics.
func (p *pipeline) began() time.Time { return time.UnixMicro(p.t.net.options.Clock.Micros()) }

// end hands a request that was answered to Raft, on the connection's goroutine. There is
// room: no request left while more than pipelineMax were unread, or on their way.
func (p *pipeline) end(f *future, r reply) {
	f.err = r.read(p.node, f.resp)
	close(f.done)
	select {
	case p.ready <- f:
	case <-p.stop:
		return
	}
	<-p.room
}

// Consumer returns the requests that were answered, in order.
func (p *pipeline) Consumer() <-chan raft.AppendFuture { return p.ready }

// Close ends the pipeline. Answers that come later are dropped.
func (p *pipeline) Close() error {
	p.once.Do(func() { close(p.stop) })
	return nil
}

// future is one request in a pipeline.
type future struct {
	args  *raft.AppendEntriesRequest
	resp  *raft.AppendEntriesResponse
	began time.Time
	done  chan struct{} // closed once err, or resp, is there
	err   error
}

func (f *future) Error() error {
	<-f.done
	return f.err
}
func (f *future) Start() time.Time                      { return f.began }
func (f *future) Request() *raft.AppendEntriesRequest   { return f.args }
func (f *future) Response() *raft.AppendEntriesResponse { return f.resp }
