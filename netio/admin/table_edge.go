package admin

import (
	"slices"

	"github.com/thronggrid/throng/grid/meter"
	"github.com/thronggrid/throng/netio"
)

// edgeTable is about connections with clients, and what they ask.
func edgeTable() []Metric {
	return slices.Concat(connectionTable(), requestTable(), trafficTable())
}

// edge is a counter of the edge.
func edge(name, help string, get func(*netio.Stats) uint64) Metric {
	return count(name, help, func(s *Sample) uint64 { return get(&s.Edge) })
}

func connectionTable() []Metric {
	return []Metric{
		one("throng_connections", Gauge, "Connections that are open.",
			func(s *Sample) float64 { return float64(s.Edge.Connections) }),
		one("throng_connections_websocket", Gauge, "Of these, those that speak WebSocket.",
			func(s *Sample) float64 { return float64(s.Edge.Webs) }),
		one("throng_connections_unread", Gauge,
			"Of these, those whose clients do not read what they are sent, so that pushes to "+
				"them are dropped and their requests wait.",
			func(s *Sample) float64 { return float64(s.Edge.Unread) }),
		one("throng_connections_limit", Gauge, "Connections that may be open at once.",
			func(s *Sample) float64 { return float64(s.Edge.Most) }),
		edge("throng_connections_accepted_total", "Connections taken.",
			func(s *netio.Stats) uint64 { return s.Accepted }),
		edge("throng_connections_upgraded_total",
			"Connections that speak WebSocket, of those taken.",
			func(s *netio.Stats) uint64 { return s.Upgraded }),
		edge("throng_connections_refused_total",
			"Connections turned away at the door: too many, or the node was stopping.",
			func(s *netio.Stats) uint64 { return s.Turned }),
		edge("throng_connections_crowded_total",
			"Connections turned away because their address had connections_per_ip_max already.",
			func(s *netio.Stats) uint64 { return s.Crowded }),
		{
			Name: "throng_connections_closed_total", Type: Counter, Labels: []string{"reason"},
			Help: "Connections that the node closed for what their client did: bad_frame, " +
				"slow_reader, hello_late, flooding, or displaced by newer ones before they had " +
				"a session.",
			read: func(s *Sample, e *emitter) {
				e.value(float64(s.Edge.BadFrames), []string{"bad_frame"})
				e.value(float64(s.Edge.SlowReaders), []string{"slow_reader"})
				e.value(float64(s.Edge.HelloLate), []string{"hello_late"})
				e.value(float64(s.Edge.Displaced), []string{"displaced"})
				e.value(float64(s.Edge.Floods), []string{"flooding"})
			},
		},
		edge("throng_hellos_total", "Hellos that were welcome.",
			func(s *netio.Stats) uint64 { return s.Hellos }),
		edge("throng_hellos_resumed_total", "Hellos that took a session up again.",
			func(s *netio.Stats) uint64 { return s.Resumed }),
		edge("throng_hellos_refused_total", "First frames, and HTTP requests, that were refused.",
			func(s *netio.Stats) uint64 { return s.Refused }),
		one("throng_detaches_waiting", Gauge,
			"Connections that ended and whose user's slot does not know it yet.",
			func(s *Sample) float64 { return float64(s.Edge.Detaching) }),
	}
}

func requestTable() []Metric {
	return []Metric{
		{
			Name: "throng_requests_total", Type: Counter, Labels: []string{"class"},
			Help: "Requests that came: read, write, or relay (passed on without the log).",
			read: func(s *Sample, e *emitter) {
				e.value(float64(s.Edge.Reads), []string{"read"})
				e.value(float64(s.Edge.Writes), []string{"write"})
				e.value(float64(s.Edge.Relays), []string{"relay"})
			},
		},
		edge("throng_requests_failed_total",
			"Requests that the edge refused, or answered with an error of a read.",
			func(s *netio.Stats) uint64 { return s.Failures }),
		{
			Name: "throng_replies_total", Type: Counter, Labels: []string{"request", "code"},
			Help: "Replies, by the name of the request and the code: OK, or that of an error.",
			read: func(s *Sample, e *emitter) {
				for _, r := range s.Edge.Replies {
					e.value(float64(r.Count), []string{r.Name, r.Code.String()})
				}
			},
		},
		{
			Name: "throng_request_seconds", Type: Histogram, Labels: []string{"class"},
			Buckets: times,
			Help: "From when an event loop comes to a request until it writes the answer, by " +
				"what that waits for: read (memory), linearizable, remote (reads that other " +
				"nodes answer), archive (reads that go to the disk), write, relay (passed on " +
				"without the log), hello, or other.",
			read: func(s *Sample, e *emitter) {
				for i := range s.Edge.Took {
					t := &s.Edge.Took[i]
					e.histogram(&t.Micros, []string{t.Class})
				}
			},
		},
		edge("throng_requests_slow_total",
			"Requests that took slow_request or longer; the log says which.",
			func(s *netio.Stats) uint64 { return s.Slow }),
		one("throng_errands_waiting", Gauge,
			"Slow reads, and tokens to check, that wait for a worker.",
			func(s *Sample) float64 { return float64(s.Edge.Errands) }),
		one("throng_loops_stuck", Gauge, "Event loops that have had no turn for seconds.",
			func(s *Sample) float64 { return float64(s.Edge.LoopsStuck) }),
		edge("throng_requests_throttled_total",
			"Requests refused because they came faster than a session's or a user's rate.",
			func(s *netio.Stats) uint64 { return s.Throttled }),
		edge("throng_panics_total", "Faults survived at the cost of one connection each.",
			func(s *netio.Stats) uint64 { return s.Panics }),
	}
}

// trafficTable is about frames and bytes on their way.
func trafficTable() []Metric {
	return []Metric{
		edge("throng_frames_received_total", "Frames that came and were served.",
			func(s *netio.Stats) uint64 { return s.FramesIn }),
		edge("throng_received_bytes_total",
			"Bytes that came and were served, with what WebSocket adds.",
			func(s *netio.Stats) uint64 { return s.BytesIn }),
		edge("throng_frames_sent_total", "Frames written: replies, pushes, goodbyes.",
			func(s *netio.Stats) uint64 { return s.FramesOut }),
		edge("throng_sent_bytes_total", "Bytes written, with what WebSocket adds.",
			func(s *netio.Stats) uint64 { return s.BytesOut }),
		edge("throng_socket_writes_total", "Writes to sockets, each of many frames.",
			func(s *netio.Stats) uint64 { return s.Flushes }),
		spread("throng_round_seconds", "How long each round of pushes took, from its begin "+
			"until the last of its connections was written to.", times,
			func(s *Sample) *meter.Reading { return &s.Edge.Rounds }),
		edge("throng_pushes_total",
			"Pushes written, where all of one stream in a round counts once a connection.",
			func(s *netio.Stats) uint64 { return s.Pushes }),
		edge("throng_pushes_lost_total",
			"Pushes dropped because a client does not keep up, or a stream has too many.",
			func(s *netio.Stats) uint64 { return s.PushesLost }),
		edge("throng_outcomes_dropped_total",
			"Replies and pushes for connections that had gone.",
			func(s *netio.Stats) uint64 { return s.Dropped }),
	}
}
