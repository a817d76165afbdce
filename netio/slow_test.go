package netio

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/panjf2000/gnet/v2"

	"github.com/thronggrid/throng/netio/wire"
)

// readSlowly keeps the buffer of a peer's socket small.
func (p *peer) readSlowly() { p.Conn.(*net.TCPConn).SetReadBuffer(4096) }

// Who is on a stream and does not read is sent no more than a limit. Others hear
// everything meanwhile. When it reads, it is told that it has missed something, and
// then hears what follows.
func TestMemberThatDoesNotRead(t *testing.T) {
	const most = 256 << 10
	s := serve(t, func(o *Options) {
		o.Loops, o.OutBytesMax, o.HelloTimeout = 1, most, time.Hour // it is not closed in time
	})
	p, q := s.loginAs(playerHello(1)), s.loginAs(playerHello(2))
	lobby, text := roomKey("lobby"), string(make([]byte, 4000))
	p.readSlowly()
	p.track(lobby)
	q.track(lobby)
	for s.Stats().PushesLost < 100 {
		q.done(q.say(lobby, text))
		q.hears(lobby, text)
	}
	if n := s.onLoop(p, func(k *conn) int { return k.conn.OutboundBuffered() }); n > most/4+RoundBytesMax {
		t.Errorf("%d bytes wait for who does not read", n)
	}
	p.Conn.(*net.TCPConn).SetReadBuffer(1 << 20)
	for p.frame().Kind != wire.KindMissed {
	}
	q.done(q.say(lobby, "now"))
	p.hears(lobby, "now")
	if v := s.Stats(); v.SlowReaders != 0 || v.Connections != 2 {
		t.Errorf("%+v", v)
	}
}

// Who reads next to nothing is closed in time.
func TestMemberThatReadsAByteAtATime(t *testing.T) {
	s := serve(t, func(o *Options) { o.HelloTimeout = time.Second })
	p, q := s.loginAs(playerHello(1)), s.loginAs(playerHello(2))
	lobby, text := roomKey("lobby"), string(make([]byte, 16_000))
	p.readSlowly()
	p.track(lobby)
	q.track(lobby)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		one := make([]byte, 1)
		for {
			p.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
			if _, err := p.Read(one); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				return
			}
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}()
	for s.Stats().SlowReaders == 0 {
		q.done(q.say(lobby, text))
		q.hears(lobby, text)
	}
	s.until("it is gone", func() bool { return s.Stats().Connections == 1 })
	close(stop)
	<-stopped
}

// onLoop asks something of a connection on its loop.
func (s *serving) onLoop(p *peer, ask func(*conn) int) int {
	s.t.Helper()
	answer := make(chan int, 1)
	s.Server.mu.Lock()
	defer s.Server.mu.Unlock()
	for _, l := range s.Server.mu.loops {
		l.events.Execute(s.t.Context(), gnet.RunnableFunc(func(context.Context) error {
			for _, r := range l.table.rows {
				if r.conn != nil && r.conn.session == p.welcome.Session {
					answer <- ask(r.conn)
				}
			}
			return nil
		}))
	}
	return <-answer
}
