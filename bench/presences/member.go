package presences

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/netio/wire"
)

// waitMax bounds every wait for the server.
const waitMax = 30 * time.Second

// member is one session that stays in the room.
type member struct {
	number int
	conn   net.Conn
	resume wire.ResumeToken
	pushes atomic.Int64 // of what happened in the room
	told   atomic.Int64 // joins and leaves in these
	ended  chan struct{}
}

func userOf(number int) string { return fmt.Sprintf("presence-%06d", number) }

// connect opens a connection and logs in, or takes the session up again.
func (m *member) connect(ctx context.Context, addr string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	conn.SetDeadline(time.Now().Add(waitMax))
	var token *wire.ResumeToken
	if m.resume.Session != 0 {
		token = &m.resume
	}
	w, err := load.Resume(conn, wire.ProviderCustom, userOf(m.number), token)
	switch {
	case err != nil:
	case token != nil && !w.Resumed:
		err = errors.New("a session was not resumed")
	}
	if err != nil {
		conn.Close()
		return err
	}
	m.conn, m.resume = conn, w.Resume
	return nil
}

// listen counts what is pushed until the connection ends.
func (m *member) listen() {
	m.conn.SetDeadline(time.Time{})
	m.ended = make(chan struct{})
	go func() {
		defer close(m.ended)
		for {
			f, err := load.ReadFrame(m.conn)
			if err != nil {
				return
			}
			if f.Kind != presence.KindChanged {
				continue
			}
			in := pack.NewCursor(f.Body)
			if e, err := presence.DecodeChangedEvent(&in); err == nil {
				m.pushes.Add(1)
				m.told.Add(int64(e.Joins + e.Leaves))
			}
		}
	}()
}

// drop closes the connection without a word.
func (m *member) drop() {
	if m.conn == nil {
		return
	}
	m.conn.Close()
	if m.ended != nil {
		<-m.ended
	}
	m.conn, m.ended = nil, nil
}
