package netio

import (
	"maps"
	"slices"
	"sync/atomic"

	"github.com/thronggrid/throng/grid/meter"
)

// stuckTicks is for how many ticks a loop may have no turn before it counts as stuck.
const stuckTicks = 50

// counters belong to a loop: it writes, anybody reads.
type counters struct {
	hellos, refused, helloLate  atomic.Uint64
	reads, writes, failures     atomic.Uint64
	flushes, dropped, badFrames atomic.Uint64
	slowReaders, panics         atomic.Uint64
	resumed, relays, displaced  atomic.Uint64
	pushes, lost, strays        atomic.Uint64
	upgraded, throttled, floods atomic.Uint64
	webs, unread                atomic.Int64
	slow                        atomic.Uint64
	traffic                     trafficCount
}

// Stats counts since the start, but for those of type int64 and int, which count now.
type Stats struct {
	Connections int64
	Webs        int64  // of these, those that speak WebSocket
	Unread      int64  // of these, those whose clients leave so much unread that they get no pushes
	Most        int    // connections that may be open at once
	Accepted    uint64 // connections taken
	Upgraded    uint64 // of these, those that speak WebSocket
	Turned      uint64 // connections turned away: too many, or shutting down
	Crowded     uint64 // of these, those of an address with too many
	Hellos      uint64 // hellos accepted
	Resumed     uint64 // of these, those that took up a session again
	Refused     uint64 // first frames refused, and HTTP requests
	Displaced   uint64 // connections without a session closed to make room for others
	HelloLate   uint64 // connections closed without a hello
	Reads       uint64 // read requests
	Writes      uint64 // write requests
	Relays      uint64 // messages to be passed on without the log
	Failures    uint64 // requests that the loops answered with an error
	Throttled   uint64 // of these, those that came faster than a rate allows
	Slow        uint64 // requests that took Limits.SlowRequest or longer
	Pushes      uint64 // pushes written to connections, one for all of a stream in a round
	PushesLost  uint64 // pushes dropped, of connections or of whole streams
	Detaching   int64  // connections that ended, which their users' slots do not know yet
	Floods      uint64 // connections closed for far too many requests
	Flushes     uint64 // writes to sockets
	FramesIn    uint64 // frames that came, of any kind
	BytesIn     uint64 // that came and were served, heads of WebSocket included
	FramesOut   uint64 // frames written: replies, pushes, goodbyes
	BytesOut    uint64 // written, heads of WebSocket included
	Dropped     uint64 // outcomes and pushes for connections that were gone
	BadFrames   uint64 // connections closed for a frame's length
	SlowReaders uint64 // connections closed for not reading
	Panics      uint64 // faults survived

	LoopsStuck int           // event loops that have had no turn for stuckTicks
	Errands    int           // that wait for a worker
	Rounds     meter.Reading // of pushes: µs until the last connection was written to
	Replies    []ReplyCount  // to requests, by kind and code
	Took       []ClassTook   // until they were about to be written, by class
}

// Full says whether another connection would be one too many.
func (t *Stats) Full() bool { return t.Connections >= int64(t.Most) }

// Stats returns the counts so far.
func (s *Server) Stats() Stats {
	t := Stats{
		Connections: s.open.Load(), Most: s.connections,
		Accepted: s.accepted.Load(), Turned: s.turned.Load(),
		Crowded:   s.crowded.Load(),
		Detaching: s.detaching.Load(), PushesLost: s.lost.Load(), Panics: s.panics.Load(),
	}
	t.Rounds = s.fan.rounds.Read()
	t.Errands = len(s.readers.queue) + len(s.gatherers.queue) + len(s.checkers.queue)
	s.mu.Lock()
	defer s.mu.Unlock()
	loops := slices.Collect(maps.Values(s.mu.loops))
	t.Replies, t.Took = s.replyCounts(loops), tooks(loops)
	for _, l := range s.mu.loops {
		if l.ticks.Load()-l.seen.Load() > stuckTicks {
			t.LoopsStuck++
		}
		c := &l.count
		t.Hellos += c.hellos.Load()
		t.Refused += c.refused.Load()
		t.Upgraded += c.upgraded.Load()
		t.HelloLate += c.helloLate.Load()
		t.Reads += c.reads.Load()
		t.Writes += c.writes.Load()
		t.Failures += c.failures.Load()
		t.Throttled += c.throttled.Load()
		t.Slow += c.slow.Load()
		t.Floods += c.floods.Load()
		t.Flushes += c.flushes.Load()
		t.Dropped += c.dropped.Load() + c.strays.Load()
		t.BadFrames += c.badFrames.Load()
		t.SlowReaders += c.slowReaders.Load()
		t.Panics += c.panics.Load()
		t.Resumed += c.resumed.Load()
		t.Relays += c.relays.Load()
		t.Displaced += c.displaced.Load()
		t.Pushes += c.pushes.Load()
		t.PushesLost += c.lost.Load()
		t.Webs += c.webs.Load()
		t.Unread += c.unread.Load()
		t.FramesIn += c.traffic.framesIn.Load()
		t.BytesIn += c.traffic.bytesIn.Load()
		t.FramesOut += c.traffic.framesOut.Load()
		t.BytesOut += c.traffic.bytesOut.Load()
	}
	return t
}
