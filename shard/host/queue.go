package host

import (
	"math"
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

	staged   int64 // µs: when its first command came
	proposed int64 // µs: when it became an entry
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

// steps says where the time went until now, when the applier had taken the entry up.
func (b *batch) steps(took, now int64) grid.Steps {
	between := func(from, to int64) uint32 { return uint32(min(micros(from, to), math.MaxUint32)) }
	return grid.Steps{
		Queue:  between(b.staged, b.proposed),
		Commit: between(b.proposed, took),
		Apply:  between(took, now),
	}
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
	q.bytes.Add(int64(len(s.commands)))
	from, at := 0, 0 // the first command that is not added, and where it begins
	for from < len(s.refs) {
		b := q.last(l, s.ends[from]-at)
		to := b.fits(s.ends, from, at)
		p := b.part(l)
		p.commands = append(p.commands, s.commands[at:s.ends[to-1]]...)
		p.out.Refs = append(p.out.Refs, s.refs[from:to]...)
		b.count += to - from
		b.bytes += s.ends[to-1] - at
		from, at = to, s.ends[to-1]
	}
	return nil
}

// last returns the batch that grows, with room for a command of some bytes.
func (q *queue) last(l *lane, bytes int) *batch {
	if n := len(q.batches); n > 0 {
		if b := q.batches[n-1]; b.room(1, bytes) {
			return b
		}
	}
	b := l.host.takeBatch()
	b.staged = l.host.clock.Micros()
	q.batches = append(q.batches, b)
	return b
}

// room says whether an entry may take so much more. An empty one takes a command
// of any size.
func (b *batch) room(commands, bytes int) bool {
	return b.count == 0 ||
		b.count+commands <= EntryCommandsMax && b.bytes+bytes <= EntryBytesMax
}

// fits returns the end of the longest run of commands from one on that the
// batch has room for: at least that one.
func (b *batch) fits(ends []int, from, at int) int {
	to := from + 1
	for to < len(ends) && b.count+to+1-from <= EntryCommandsMax &&
		b.bytes+ends[to]-at <= EntryBytesMax {
		to++
	}
	return to
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
