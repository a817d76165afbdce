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
	s.tellLoops(func(l *loop) { l.inbox.shutdown = true })
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

// Cut closes all connections, and turns new ones away, while it is true: the node has
// lost touch with its cluster, so that sessions may be taken over elsewhere.
func (s *Server) Cut(off bool) {
	if s.cut.Swap(off) != off && off {
		s.tellLoops(func(l *loop) { l.inbox.cut = true })
	}
}

// tellLoops sets something in the inbox of each loop, and lets it look.
func (s *Server) tellLoops(set func(*loop)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.mu.loops {
		l.inbox.Lock()
		set(l)
		l.inbox.Unlock()
		l.post(nil)
	}
}

// closing returns why no connection is taken at the moment, 0 if they are.
func (s *Server) closing() wire.Reason {
	switch {
	case s.leaving.Load():
		return wire.Shutdown
	case s.cut.Load():
		return wire.CutOff
	}
	return 0
}

// sayGoodbye tells all connections of the loop why it serves them no more.
func (l *loop) sayGoodbye(why wire.Reason) {
	for i := range l.table.rows {
		k := l.table.rows[i].conn
		if k == nil || k.state >= leaving {
			continue
		}
		l.now = k
		l.dismiss(k, why)
	}
}
