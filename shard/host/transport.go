package host

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/grid/clock"
)

var (
	errDiskStalled = errors.New("the disk of this node hangs: it lets others lead")
	errHandedOver  = errors.New("this node hands over its leadership: it says no more as a leader")
	errQuiet       = errors.New("this node has just started: it does not vote before a lease " +
		"that it may have helped to grant has ended")
)

// transport wraps any raft.Transport with what Raft itself does not do: it
// notes sendings and answers for the lease, refuses votes for one
// HeartbeatTimeout after the start, and refuses to send as a leader while the
// disk hangs, or in a term in which leadership was handed over. Such a term has no
// lease any more: if nobody takes over, the silence makes Raft step down, and
// there is an election; it would lead on otherwise, and answer no read.
type transport struct {
	raft.Transport
	hook    Hook // nil: what it offers is done here
	lease   *lease
	clock   clock.Clock
	stalled func() time.Duration // age of the oldest unfinished write
	votesAt int64                // µs: no votes for others before

	// leaderCommit is the commit index that a leader sent first, 0 until one did.
	leaderCommit atomic.Uint64
	fresh        freshness
	applied      func() uint64 // the last command that is applied

	incoming chan raft.RPC
	stop     chan struct{}
	stopOnce sync.Once
	done     sync.WaitGroup
}

func newTransport(
	inner raft.Transport, l *lease, stalled func() time.Duration, votesAt int64,
	applied func() uint64,
) *transport {
	t := &transport{Transport: inner, lease: l, clock: l.clock, stalled: stalled, votesAt: votesAt,
		applied: applied, stop: make(chan struct{})}
	if hook, ok := inner.(Hook); ok {
		t.hook = hook
		hook.Screen(t.screen)
		return t
	}
	t.incoming = make(chan raft.RPC)
	t.done.Go(t.receive)
	return t
}

// Consumer returns the requests of others that Raft shall handle.
func (t *transport) Consumer() <-chan raft.RPC {
	if t.hook != nil {
		return t.Transport.Consumer()
	}
	return t.incoming
}

// receive passes requests on to Raft, but for votes that come too early.
func (t *transport) receive() {
	for {
		select {
		case rpc := <-t.Transport.Consumer():
			if err := t.screen(rpc.Command); err != nil {
				rpc.Respond(nil, err)
				continue
			}
			t.hand(rpc)
		case <-t.stop:
			return
		}
	}
}

// screen looks at a request before Raft gets it, and returns why it must not.
func (t *transport) screen(command any) error {
	if t.early(command) {
		return errQuiet
	}
	if a, ok := command.(*raft.AppendEntriesRequest); ok && a.LeaderCommitIndex > 0 {
		t.leaderCommit.CompareAndSwap(0, a.LeaderCommitIndex)
		t.fresh.hear(a.LeaderCommitIndex, t.clock.Micros(), t.applied())
	}
	return nil
}

// early says whether a request asks for a vote that this node must not give yet.
// A candidate to whom the leader handed over has ended the lease itself.
func (t *transport) early(command any) bool {
	switch r := command.(type) {
	case *raft.RequestVoteRequest:
		return !r.LeadershipTransfer && t.clock.Micros() < t.votesAt
	case *raft.RequestPreVoteRequest:
		return t.clock.Micros() < t.votesAt
	}
	return false
}

func (t *transport) hand(rpc raft.RPC) {
	select {
	case t.incoming <- rpc:
	case <-t.stop:
		rpc.Respond(nil, raft.ErrTransportShutdown)
	}
}

// stand makes this node a candidate at once.
func (t *transport) stand() {
	answer := make(chan raft.RPCResponse, 1)
	head := raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax}
	rpc := raft.RPC{Command: &raft.TimeoutNowRequest{RPCHeader: head}, RespChan: answer}
	if t.hook != nil {
		t.hook.Inject(rpc)
		return
	}
	t.hand(rpc)
}

// AppendEntries sends entries or a heartbeat, and counts its answer.
func (t *transport) AppendEntries(id raft.ServerID, target raft.ServerAddress,
	args *raft.AppendEntriesRequest, resp *raft.AppendEntriesResponse) error {
	sent, err := t.sending(args.Term)
	if err != nil {
		return err
	}
	if err := t.Transport.AppendEntries(id, target, args, resp); err != nil {
		return err
	}
	t.answered(id, args, resp, sent)
	return nil
}

// sending returns the time of a sending in a term, µs, or why there must be none.
func (t *transport) sending(term uint64) (at int64, err error) {
	if err := t.silent(term); err != nil {
		return 0, err
	}
	at = t.clock.Micros()
	t.lease.enter(term)
	return at, nil
}

// silent returns why this node must not send as the leader of a term.
func (t *transport) silent(term uint64) error {
	switch {
	case t.stalled() > diskStallMax:
		return errDiskStalled
	case t.lease.ended(term):
		return errHandedOver
	}
	return nil
}

func (t *transport) answered(id raft.ServerID, args *raft.AppendEntriesRequest,
	resp *raft.AppendEntriesResponse, sent int64) {
	if resp.Success && resp.Term == args.Term {
		stored := uint64(0) // a heartbeat says nothing of the log
		if n := len(args.Entries); n > 0 {
			stored = args.Entries[n-1].Index
		} else {
			stored = args.PrevLogEntry
		}
		t.lease.answered(id, args.Term, sent, stored)
	}
}

// InstallSnapshot sends a snapshot, unless this node must be silent.
func (t *transport) InstallSnapshot(id raft.ServerID, target raft.ServerAddress,
	args *raft.InstallSnapshotRequest, resp *raft.InstallSnapshotResponse, data io.Reader) error {
	if err := t.silent(args.Term); err != nil {
		return err
	}
	return t.Transport.InstallSnapshot(id, target, args, resp, data)
}

// RequestPreVote asks another node whether it would vote for this one.
func (t *transport) RequestPreVote(id raft.ServerID, target raft.ServerAddress,
	args *raft.RequestPreVoteRequest, resp *raft.RequestPreVoteResponse) error {
	inner, ok := t.Transport.(raft.WithPreVote)
	if !ok {
		return errors.New("the transport has no pre-vote")
	}
	return inner.RequestPreVote(id, target, args, resp)
}

// SetHeartbeatHandler does nothing: heartbeats go the way of all requests. Taken
// past Raft's own goroutine they could be answered with success by a node that
// is becoming a candidate at that moment, and the lease would believe them.
func (t *transport) SetHeartbeatHandler(func(raft.RPC)) {}

// TimeoutNow hands leadership over: the lease of this term ends before it is sent.
func (t *transport) TimeoutNow(id raft.ServerID, target raft.ServerAddress,
	args *raft.TimeoutNowRequest, resp *raft.TimeoutNowResponse) error {
	t.lease.handOver()
	return t.Transport.TimeoutNow(id, target, args, resp)
}

// Close stops the transport and what it wraps. Called by Raft, and again by the
// group if Raft was never started.
func (t *transport) Close() error {
	t.stopOnce.Do(func() { close(t.stop) })
	t.done.Wait()
	if inner, ok := t.Transport.(raft.WithClose); ok {
		return inner.Close()
	}
	return nil
}

// AppendEntriesPipeline opens a pipeline whose answers are counted too.
func (t *transport) AppendEntriesPipeline(
	id raft.ServerID, target raft.ServerAddress,
) (raft.AppendPipeline, error) {
	if t.stalled() > diskStallMax {
		return nil, errDiskStalled
	}
	inner, err := t.Transport.AppendEntriesPipeline(id, target)
	if err != nil {
		return nil, err
	}
	return newPipeline(inner, t, id), nil
}
