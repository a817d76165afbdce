package sim

import (
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// AppendEntriesPipeline sends one request after the other without waiting for
// answers; it breaks at the first error, as a connection would, and at the first
// unsuccessful answer, behind which Raft reads no more.
func (e *endpoint) AppendEntriesPipeline(_ raft.ServerID, to raft.ServerAddress) (raft.AppendPipeline, error) {
	p := &pipeline{e: e, to: to, todo: make(chan *flight, 64),
		done: make(chan raft.AppendFuture, 64), stop: make(chan struct{}), broken: make(chan struct{})}
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
	// broken is closed at the first error or unsuccessful answer.
	broken chan struct{}
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
	case <-p.broken:
		return nil, errLost
	default:
	}
	select {
	case p.todo <- f:
		return f, nil
	case <-p.broken: // Raft reads no more answers: whoever waits for room waits in vain
		return nil, errLost
	case <-p.stop:
		return nil, raft.ErrPipelineShutdown
	}
}

func (p *pipeline) run() {
	whole := true
	for {
		select {
		case f := <-p.todo:
			f.err = errLost
			if whole {
				f.err = call(p.e, p.to, f.args, nil, f.resp)
			}
			if whole && (f.err != nil || !f.resp.Success) {
				whole = false
				close(p.broken)
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
