package resume

import (
	"context"
	"net"
	"sync"
)

// socket opens a session's connections, and cuts them.
type socket struct {
	mu   sync.Mutex
	conn net.Conn // the one that is open, nil: none
}

// dial opens a connection: client.Options.Dial.
func (s *socket) dial(ctx context.Context, addr string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn = conn
	return conn, nil
}

// cut closes the connection as a lost network does: what is on its way is lost. It
// says whether there was one.
func (s *socket) cut() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	tcp, ok := s.conn.(*net.TCPConn)
	if ok {
		tcp.SetLinger(0)
		ok = tcp.Close() == nil
		s.conn = nil
	}
	return ok
}
