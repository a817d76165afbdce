package host

import (
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// answering is an inner pipeline with room for 64 requests and 64 answers, all of them refusals.
type answering struct {
	todo, done chan raft.AppendFuture
	stop       chan struct{}
}

type refusal struct {
	args *raft.AppendEntriesRequest
	resp *raft.AppendEntriesResponse
}

func (refusal) Error() error                            { return nil }
func (refusal) Start() time.Time                        { return time.Time{} }
func (r refusal) Request() *raft.AppendEntriesRequest   { return r.args }
func (r refusal) Response() *raft.AppendEntriesResponse { return r.resp }

func (a *answering) AppendEntries(
	q *raft.AppendEntriesRequest, r *raft.AppendEntriesResponse,
) (raft.AppendFuture, error) {
	select {
	case a.todo <- refusal{q, r}:
		return refusal{q, r}, nil
	case <-a.stop:
		return nil, raft.ErrPipelineShutdown
	}
}
func (a *answering) Consumer() <-chan raft.AppendFuture { return a.done }
func (a *answering) Close() error                       { close(a.stop); return nil }

type answers struct {
	raft.Transport
	p raft.AppendPipeline
}

func (a answers) AppendEntriesPipeline(
	raft.ServerID, raft.ServerAddress,
) (raft.AppendPipeline, error) {
	return a.p, nil
}

// TestAPipelineWhoseReaderIsGoneDoesNotHoldItsSender: raft reads no answer behind the first
// that is not a success, and may be sending at that moment; only the sender closes the pipeline.
func TestAPipelineWhoseReaderIsGoneDoesNotHoldItsSender(t *testing.T) {
	a := &answering{make(chan raft.AppendFuture, 64), make(chan raft.AppendFuture, 64),
		make(chan struct{})}
	go func() {
		for {
			select {
			case f := <-a.todo:
				select {
				case a.done <- f:
				case <-a.stop:
					return
				}
			case <-a.stop:
				return
			}
		}
	}()
	_, inner := raft.NewInmemTransport("a")
	disk := func() time.Duration { return 0 }
	tr := newTransport(answers{inner, a}, leaseOf(&handClock{now: 1}), disk, 0,
		func() uint64 { return 0 })
	p, err := tr.AppendEntriesPipeline("b", "b")
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan int, 1)
	go func() {
		for i := range 1000 {
			_, err := p.AppendEntries(&raft.AppendEntriesRequest{Term: 1}, &raft.AppendEntriesResponse{})
			if err != nil {
				sent <- i
				return
			}
		}
		sent <- 1000
	}()
	<-p.Consumer() // the refusal that ends raft's reader
	select {
	case <-sent:
	case <-time.After(10 * time.Second):
		t.Error("the sender is held: it never comes to close the pipeline, and Shutdown waits for it")
	}
	_ = p.Close()
	_ = tr.Close()
}
