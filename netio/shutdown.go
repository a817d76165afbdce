package netio

import (
	"context"
	"fmt"

	"github.com/thronggrid/throng/netio/wire"
)

// Shutdown says goodbye to all clients, waits until what is in flight has been
// answered and they have gone, and stops. When the context ends first, the rest
// is cut off, which the error says: set a deadline, for a write whose shard has
// lost its majority is never answered. New connections are turned away meanwhile.
func (s *Server) Shutdown(ctx context.Context) error {
	s.leaving.Store(true)
	s.mu.Lock()
	for _, l := range s.mu.loops {
		l.inbox.Lock()
		l.inbox.shutdown = true
		l.inbox.Unlock()
		l.post(nil)
	}
	s.mu.Unlock()
	s.checkEmpty()
	var err error
	select {
	case <-s.empty:
	case <-s.ended:
	case <-ctx.Done():
		err = fmt.Errorf("shut down with %d connections still open: %w", s.open.Load(), ctx.Err())
	}
	s.stop()
	if err == nil {
		err = s.err
	}
	return err
}

// sayGoodbye tells all connections of the loop that the server shuts down.
func (l *loop) sayGoodbye() {
	l.shutdown = true
	for i := range l.table.rows {
		k := l.table.rows[i].conn
		if k == nil || k.state >= leaving {
			continue
		}
		l.now = k
		l.dismiss(k, wire.Shutdown)
	}
}
