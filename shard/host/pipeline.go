package host

import (
	"sync"

	"github.com/hashicorp/raft"
)

// pipelineDepth is at least the number of requests that Raft lets wait in a
// pipeline for their answers.
const pipelineDepth = 256

// pipeline wraps a raft.AppendPipeline: answers come in the order of sendings,
// so a queue of times says when the request was sent that is answered next.
type pipeline struct {
	raft.AppendPipeline
	t  *transport
	id raft.ServerID

	sent  chan int64 // µs
	ready chan raft.AppendFuture
	stop  chan struct{}
	once  sync.Once
	done  sync.WaitGroup
}

// AppendEntries sends a request. Called by one goroutine of Raft.
func (p *pipeline) AppendEntries(args *raft.AppendEntriesRequest,
	resp *raft.AppendEntriesResponse) (raft.AppendFuture, error) {
	at, err := p.t.sending(args)
	if err != nil {
		return nil, err
	}
	f, err := p.AppendPipeline.AppendEntries(args, resp)
	if err != nil {
		return nil, err
	}
	select {
	case p.sent <- at:
	case <-p.stop:
	}
	return f, nil
}

// Consumer returns the answered requests, in order.
func (p *pipeline) Consumer() <-chan raft.AppendFuture { return p.ready }

func (p *pipeline) forward() {
	for {
		select {
		case f := <-p.AppendPipeline.Consumer():
			if !p.pass(f) {
				return
			}
		case <-p.stop:
			return
		}
	}
}

// pass counts one answer and hands it on; false once the pipeline is closed.
func (p *pipeline) pass(f raft.AppendFuture) bool {
	select {
	case at := <-p.sent:
		if f.Error() == nil {
			p.t.answered(p.id, f.Request(), f.Response(), at)
		}
	case <-p.stop:
		return false
	}
	select {
	case p.ready <- f:
		return true
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
