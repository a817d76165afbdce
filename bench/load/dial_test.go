package load

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
)

// silent listens, takes connections and never says anything.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String() // the kernel takes the connections
}

func listen(conn net.Conn) error {
	_, err := io.ReadFull(conn, make([]byte, 1))
	return err
}

// Whoever interrupts a bench does not wait for a server that does not answer.
func TestTheEndOfTheContextEndsAWaitForAServer(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	_, err := Dial(ctx, silent(t), func(conn net.Conn) error {
		cancel(enough)
		return listen(conn)
	})
	if !errors.Is(err, enough) {
		t.Errorf("dialing ended with %v", err)
	}
	if _, err := Dial(ctx, silent(t), listen); err == nil {
		t.Error("dialed though the context had ended")
	}
}

func TestADialedConnectionHasNoDeadline(t *testing.T) {
	conn, err := Dial(t.Context(), silent(t), func(net.Conn) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(t.Context())
	if err := Within(ctx, conn, dialIn, func() error { return nil }); err != nil {
		t.Error(err)
	}
	cancel() // it is no longer the connection's
	if err := Within(t.Context(), conn, 1, func() error { return listen(conn) }); err == nil {
		t.Error("nothing came, and no error")
	}
	if _, err := conn.Write([]byte{0}); err != nil {
		t.Errorf("written behind that: %v", err)
	}
}

func TestARefusedConnectionIsClosed(t *testing.T) {
	no := errors.New("no")
	var refused net.Conn
	_, err := Dial(t.Context(), silent(t), func(conn net.Conn) error { refused = conn; return no })
	if !errors.Is(err, no) {
		t.Errorf("dialing ended with %v", err)
	}
	if _, err := refused.Write([]byte{0}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("written to it: %v", err)
	}
}

func TestEachDoesEveryNumberOnce(t *testing.T) {
	for _, atOnce := range []int{1, 3, 100} {
		var done sync.Map
		err := Each(t.Context(), 10, atOnce, func(i int) error {
			if _, twice := done.LoadOrStore(i, nil); twice {
				t.Errorf("%d at once: %d was done twice", atOnce, i)
			}
			return nil
		})
		for i := range 10 {
			if _, ok := done.Load(i); !ok || err != nil {
				t.Errorf("%d at once: %d was done %v, %v", atOnce, i, ok, err)
			}
		}
	}
}

func TestEachEndsWithTheFirstError(t *testing.T) {
	bad, done := errors.New("bad"), 0
	err := Each(t.Context(), 10, 1, func(i int) error {
		done++
		if i >= 3 {
			return bad
		}
		return nil
	})
	if err != bad || done != 4 {
		t.Errorf("%d done, %v", done, err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	err = Each(ctx, 10, 2, func(int) error { cancel(bad); return nil })
	if err != bad {
		t.Errorf("ended with %v", err)
	}
}
