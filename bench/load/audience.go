package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/bench/process"
)

// Listener makes one connection listen to a room, and counts what it hears. It
// belongs to the connection's goroutine.
type Listener interface {
	// Join does what must precede listening on a new connection.
	Join(conn net.Conn) error
	// Count returns how many whole messages stand at the start of b, and how many
	// bytes these and what else may be passed over take.
	Count(b []byte) (messages, used int, err error)
}

// Audience is a crowd of connections that listen, each a goroutine of its own.
type Audience struct {
	seats []*seat
	wg    sync.WaitGroup
	err   atomic.Pointer[error]
}

// seat is one connection of an audience.
type seat struct {
	conn  net.Conn
	heard atomic.Int64
}

// Listen connects n listeners, one after the other.
func Listen(ctx context.Context, addr string, n int, make func(i int) Listener) (*Audience, error) {
	a := &Audience{}
	for i := range n {
		if err := a.seat(ctx, addr, make(i)); err != nil {
			a.Close()
			return nil, fmt.Errorf("listener %d: %w", i+1, err)
		}
	}
	return a, nil
}

func (a *Audience) seat(ctx context.Context, addr string, l Listener) error {
	conn, err := Dial(ctx, addr, l.Join)
	if err != nil {
		return err
	}
	s := &seat{conn: conn}
	a.seats = append(a.seats, s)
	a.wg.Go(func() {
		if err := s.listen(l); !errors.Is(err, net.ErrClosed) {
			a.err.CompareAndSwap(nil, &err)
		}
	})
	return nil
}

// listen counts until the connection ends, and returns why.
func (s *seat) listen(l Listener) error {
	b := make([]byte, 0, readBytes)
	for {
		n, err := s.conn.Read(b[len(b):cap(b)])
		if err != nil {
			return err
		}
		b = b[:len(b)+n]
		messages, used, err := l.Count(b)
		if err != nil {
			return err
		}
		s.heard.Add(int64(messages))
		if b = b[:copy(b, b[used:])]; len(b) == cap(b) {
			return errors.New("a message longer than any that was sent")
		}
	}
}

// Heard returns how many messages all listeners have heard together, and how
// many that one which has heard the fewest.
func (a *Audience) Heard() (total, fewest int64) {
	for i, s := range a.seats {
		n := s.heard.Load()
		total += n
		if i == 0 || n < fewest {
			fewest = n
		}
	}
	return total, fewest
}

// Err returns what ended a listener; nil while all listen.
func (a *Audience) Err() error {
	if err := a.err.Load(); err != nil {
		return *err
	}
	return nil
}

// Await waits until every listener has heard n messages, and no longer than d.
// It returns the first error of a listener, or that one has heard fewer, or more.
func (a *Audience) Await(ctx context.Context, n int64, d time.Duration) error {
	for end := time.Now().Add(d); ; process.Pause(ctx, time.Millisecond) {
		if err := errors.Join(a.Err(), context.Cause(ctx)); err != nil {
			return err
		}
		total, fewest := a.Heard()
		switch want := n * int64(len(a.seats)); {
		case total > want:
			return fmt.Errorf("%d listeners have heard %d messages, want %d",
				len(a.seats), total, want)
		case fewest >= n:
			return nil
		case time.Now().After(end):
			return fmt.Errorf("a listener has heard %d messages of %d", fewest, n)
		}
	}
}

// Close ends all listeners.
func (a *Audience) Close() {
	for _, s := range a.seats {
		s.conn.Close()
	}
	a.wg.Wait()
}
