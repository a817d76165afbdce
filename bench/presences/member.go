package presences

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/netio/wire"
)

// waitMax bounds every wait for the server.
const waitMax = 30 * time.Second

// member is one session that stays in the room.
type member struct {
	number  int
	conn    net.Conn
	resume  wire.ResumeToken // of the session; zero: none yet
	account account
	ended   chan struct{} // closed when it hears no more; nil: it does not listen
	why     error         // it hears no more; read after ended
}

// connect opens a connection and logs in, or takes the session up again.
func (m *member) connect(ctx context.Context, addr string) error {
	var token *wire.ResumeToken
	if m.resume.Session != 0 {
		token = &m.resume
	}
	user := fmt.Sprintf("presence-%06d", m.number)
	var w wire.Welcome
	conn, err := load.Dial(ctx, addr, func(conn net.Conn) (err error) {
		w, err = load.Resume(conn, wire.ProviderCustom, user, token)
		if err == nil && token != nil && !w.Resumed {
			err = errors.New("the session was not resumed")
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("member %d: %w", m.number, err)
	}
	m.conn, m.resume = conn, w.Resume
	return nil
}

// talk lets do ask the server something.
func (m *member) talk(ctx context.Context, do func(net.Conn) error) error {
	err := load.Within(ctx, m.conn, waitMax, func() error { return do(m.conn) })
	if err != nil {
		return fmt.Errorf("member %d: %w", m.number, err)
	}
	return nil
}

// listen takes what is pushed until the connection ends.
func (m *member) listen() {
	m.ended = make(chan struct{})
	go func() {
		defer close(m.ended)
		for m.why = nil; m.why == nil; {
			var f wire.Frame
			if f, m.why = load.ReadFrame(m.conn); m.why == nil {
				m.why = m.account.take(f)
			}
		}
	}()
}

// leave ends the session of a member that listens.
func (m *member) leave(ctx context.Context) error {
	return m.talk(ctx, func(conn net.Conn) error {
		if err := load.End(conn); err != nil {
			return err
		}
		<-m.ended // as the server says goodbye, or by talk's deadline
		if !load.Ended(m.why) {
			return fmt.Errorf("end the session: %w", m.why)
		}
		return nil
	})
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
