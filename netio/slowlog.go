package netio

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/netio/wire"
)

// slowLog logs slow requests on a goroutine of its own: a log that takes its time holds
// up no loop, and makes no request slow. What comes faster than it can be written is
// not logged.
type slowLog struct {
	server *Server
	queue  chan slowRequest
	done   sync.WaitGroup
}

// slowRequest is a request that took long, and who asked.
type slowRequest struct {
	asked
	took    time.Duration
	user    grid.ID // zero: the connection had ended
	session grid.SessionID
}

// startSlowLog begins to log; it ends with the server, when all that was noted is written.
func startSlowLog(s *Server) *slowLog {
	w := &slowLog{server: s, queue: make(chan slowRequest, SlowRequestsMax)}
	w.done.Go(w.run)
	return w
}

func (w *slowLog) run() {
	for {
		select {
		case r := <-w.queue:
			w.write(&r)
		case <-w.server.ended: // no loop runs any more
			for len(w.queue) > 0 {
				r := <-w.queue
				w.write(&r)
			}
			return
		}
	}
}

// tellSlow has requests logged that took nanoseconds.
func (l *loop) tellSlow(requests []asked, took int64) {
	l.count.slow.Add(uint64(len(requests)))
	for i := range requests {
		r := slowRequest{asked: requests[i], took: time.Duration(took)}
		if k := l.table.get(r.Conn); k != nil {
			r.user, r.session = k.user, k.session
		}
		select {
		case l.server.slow.queue <- r:
		default:
			return
		}
	}
}

// write logs one request. The message is always the same, so that a log that bounds
// repetitions bounds these.
func (w *slowLog) write(r *slowRequest) {
	log := w.server.options.Logger
	if !log.Enabled(context.Background(), slog.LevelWarn) {
		return
	}
	rows := w.server.rows
	attrs := []slog.Attr{
		slog.String("request", rows.names[rows.of(r.Kind)]),
		slog.String("class", r.class.String()),
		slog.Float64("ms", millis(r.took.Microseconds())),
	}
	if r.Slot != noSlot {
		attrs = append(attrs, slog.Int("slot", int(r.Slot)))
		if shardOf := w.server.options.ShardOf; shardOf != nil {
			attrs = append(attrs, slog.Int("shard", shardOf(r.Slot)))
		}
	}
	if s := r.steps; s != (grid.Steps{}) {
		attrs = append(attrs, slog.Float64("queue_ms", millis(int64(s.Queue))),
			slog.Float64("commit_ms", millis(int64(s.Commit))),
			slog.Float64("apply_ms", millis(int64(s.Apply))))
	}
	if r.user != (grid.ID{}) {
		attrs = append(attrs, slog.String("user", r.user.String()),
			slog.String("session", fmt.Sprintf("%016x", uint64(r.session))))
	}
	attrs = append(attrs, slog.String("trace",
		wire.RequestTrace(traceOf(w.server.fan.origin, r.Conn), r.ID)))
	log.LogAttrs(context.Background(), slog.LevelWarn, "a request was slow", attrs...)
}

// millis returns µs in ms.
func millis(micros int64) float64 { return float64(micros) / 1000 }
