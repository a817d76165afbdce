package host

import (
	"sync"
	"sync/atomic"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard"
)

// part is what one lane has in one entry.
type part struct {
	lane     *lane
	commands []byte // encoded back to back
	out      *grid.Outcomes
}

// batch becomes one entry. Its commands are kept per lane, so that outcomes
// fall into one run per lane without sorting.
type batch struct {
	number uint64 // the entry's, set when it is proposed
	count  int    // commands
	bytes  int
	parts  []part
}

// part returns the lane's part, making it if need be.
func (b *batch) part(l *lane) *part {
	for i := range b.parts {
		if b.parts[i].lane == l {
			return &b.parts[i]
		}
	}
	b.parts = append(b.parts,
		part{lane: l, commands: l.host.takeBytes(), out: l.host.takeOutcomes()})
	return &b.parts[len(b.parts)-1]
}

// encode returns the entry's bytes. They are kept by the log's ring and by
// Raft, so they are never reused.
func (b *batch) encode(e *shard.Entry) []byte {
	data := make([]byte, 0, shard.EntryHeadBytesMax+b.bytes)
	data = e.AppendHead(data)
	for i := range b.parts {
		data = append(data, b.parts[i].commands...)
	}
	return data
}

// queue holds the commands of one group that wait to be proposed, as batches
// that grow until they are taken.
type queue struct {
	bytes atomic.Int64 // of all batches in the queue

	mu      sync.Mutex
	batches []*batch // the last one may grow
	closed  error    // why nothing is accepted any more
}

// add appends what a lane has staged. Called on the lane's goroutine. It
// returns the error that every command has then met.
func (q *queue) add(l *lane, s *stage) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed != nil {
		return q.closed
	}
	var b *batch
	if n := len(q.batches); n > 0 {
		b = q.batches[n-1]
	}
	if b == nil || b.count+len(s.refs) > EntryCommandsMax ||
		b.bytes+len(s.commands) > EntryBytesMax {
		b = l.host.takeBatch()
		q.batches = append(q.batches, b)
	}
	p := b.part(l)
	p.commands = append(p.commands, s.commands...)
	p.out.Refs = append(p.out.Refs, s.refs...)
	b.count += len(s.refs)
	b.bytes += len(s.commands)
	q.bytes.Add(int64(len(s.commands)))
	return nil
}

// take removes the oldest batch if it may be proposed: when nothing is in
// flight (idle), or when it is large and there is room for one more.
func (q *queue) take(idle, room bool) *batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.batches) == 0 {
		return nil
	}
	b := q.batches[0]
	large := len(q.batches) > 1 || b.count >= earlyCommandsMin
	if !idle && (!room || !large) {
		return nil
	}
	n := copy(q.batches, q.batches[1:])
	q.batches[n] = nil
	q.batches = q.batches[:n]
	q.bytes.Add(-int64(b.bytes))
	return b
}

// drain removes all batches.
func (q *queue) drain() []*batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.batches
	q.batches = nil
	q.bytes.Store(0)
	return all
}

// close refuses whatever is added from now on, with an error.
func (q *queue) close(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = err
}
