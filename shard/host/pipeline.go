package host

import (
	"sync"

	"github.com/hashicorp/raft"
)

// pipelineDepth is how many requests may wait for their answers.
const pipelineDepth = 256

// pipeline wraps a raft.AppendPipeline: answers come in the order of sendings,
// so a queue of times says when the request was sent that is answered next.
//
// Raft reads no answer behind the first that is not a success, and only its
// sender closes a pipeline. So from that answer on, sending fails and answers
// are dropped: a sender that waited for room would never come to close it.
type pipeline struct {
	raft.AppendPipeline
	t  *transport
	id raft.ServerID

	sent   chan int64 // µs
	ready  chan raft.AppendFuture
	broken chan struct{} // closed by forward behind the first failure
	stop   chan struct{}
	once   sync.Once
	done   sync.WaitGroup
}

func newPipeline(inner raft.AppendPipeline, t *transport, id raft.ServerID) *pipeline {
	p := &pipeline{AppendPipeline: inner, t: t, id: id,
		sent: make(chan int64, pipelineDepth), ready: make(chan raft.AppendFuture, pipelineDepth),
		broken: make(chan struct{}), stop: make(chan struct{})}
	p.done.Go(p.forward)
	return p
}

// AppendEntries sends a request. Called by one goroutine of Raft.
func (p *pipeline) AppendEntries(args *raft.AppendEntriesRequest,
	resp *raft.AppendEntriesResponse) (raft.AppendFuture, error) {
	select {
	case <-p.broken:
		return nil, raft.ErrPipelineShutdown
	default:
	}
	at, err := p.t.sending(args.Term)
	if err != nil {
		return nil, err
	}
	f, err := p.AppendPipeline.AppendEntries(args, resp)
	if err != nil {
		return nil, err
	}
	select {
	case p.sent <- at:
		return f, nil
	case <-p.broken:
	case <-p.stop:
	}
	return nil, raft.ErrPipelineShutdown
}

// Consumer returns the answered requests, in order.
func (p *pipeline) Consumer() <-chan raft.AppendFuture { return p.ready }

// forward counts answers and hands them on until one fails or the pipeline is
// closed; then it drops them, so that what sends them is not held either.
func (p *pipeline) forward() {
	for p.pass() {
	}
	close(p.broken)
	for {
		select {
		case <-p.AppendPipeline.Consumer():
		case <-p.stop:
			return
		}
	}
}

// pass hands one answer on; false if it was no success or will not be read.
func (p *pipeline) pass() bool {
	var f raft.AppendFuture
	select {
	case f = <-p.AppendPipeline.Consumer():
	case <-p.stop:
		return false
	}
	success := false
	select {
	case at := <-p.sent:
		if f.Error() == nil {
			p.t.answered(p.id, f.Request(), f.Response(), at)
			success = f.Response().Success
		}
	case <-p.stop:
		return false
	}
	select {
	case p.ready <- f:
		return success
	case <-p.stop:
		return false
	}
}

// Close ends the pipeline.
func (p *pipeline) Close() error {
	err := p.AppendPipeline.Close()
	p.once.Do(func() { close(p.stop) })
	p.done.Wait()
	return err
}
