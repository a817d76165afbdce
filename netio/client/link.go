package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// link is one connection on which hello was answered.
type link struct {
	conn    net.Conn
	welcome wire.Welcome
	in      []byte // received; its first used bytes are consumed
	used    int
	goodbye *wire.Goodbye
}

// readBytes is how much room a read has at least.
const readBytes = 32 << 10

// refusal is an error after which connecting again is no use.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// dial connects and says hello, to resume a session if it is given the token. The
// error is a *fault.Error, or a refusal or unanswered that wraps one.
func dial(
	ctx context.Context, addr string, o *Options, resume *wire.ResumeToken,
) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, o.HelloIn)
	defer cancel()
	conn, err := o.Dial(ctx, addr)
	if err != nil {
		return nil, retryable(fault.New(fault.Unavailable, "connect: %v", err))
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	l := &link{conn: conn}
	err = l.greet(o, resume)
	if !stop() && err == nil {
		err = retryable(fault.New(fault.Unavailable, "connect to %s: %v", addr, ctx.Err()))
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return l, nil
}

func retryable(e *fault.Error) *fault.Error {
	e.Retry = time.Second
	return e
}

// greet says hello and waits for the answer.
func (l *link) greet(o *Options, resume *wire.ResumeToken) error {
	h := o.hello(resume)
	b := wire.End(h.Append(wire.Begin(nil, wire.KindHello, 0, 1)), 0)
	if _, err := l.conn.Write(b); err != nil {
		return retryable(fault.New(fault.Unavailable, "say hello: %v", err))
	}
	for {
		f, size, err := wire.Next(l.rest(), wire.ReplyBytesMax)
		if err != nil {
			return refusal{fault.New(fault.Internal,
				"the server does not speak this protocol: %v", err)}
		}
		if size > len(l.rest()) {
			if err := l.fill(); err != nil {
				return unanswered{retryable(fault.New(fault.Unavailable,
					"wait for the answer to hello: %v", err))}
			}
			continue
		}
		done, err := l.greeted(f)
		l.used += size
		if done || err != nil {
			return err
		}
	}
}

// greeted handles a frame that comes before or as the answer to hello.
func (l *link) greeted(f wire.Frame) (done bool, err error) {
	in := pack.NewCursor(f.Body)
	switch {
	case f.Kind == wire.KindGoodbye:
		return false, l.dismissed(&in)
	case f.Kind != wire.KindHello || f.Flags&wire.Reply == 0:
		return false, nil
	case f.Flags&wire.Error != 0:
		e, err := fault.Decode(&in)
		if err != nil {
			return false, refusal{fault.New(fault.Internal, "the answer to hello: %v", err)}
		}
		if Retryable(e) {
			return false, e
		}
		return false, refusal{e}
	}
	if err := l.welcome.Decode(&in); err != nil {
		return false, refusal{fault.New(fault.Internal, "the answer to hello: %v", err)}
	}
	if l.welcome.RequestsMax == 0 {
		l.welcome.RequestsMax = 1
	}
	return true, nil
}

// dismissed is the error of a goodbye that comes instead of a welcome.
func (l *link) dismissed(in *pack.Cursor) error {
	var g wire.Goodbye
	if err := g.Decode(in); err != nil {
		return retryable(fault.New(fault.Unavailable, "the server closed the connection: %v", err))
	}
	return goodbyeError(&g)
}

// goodbyeError is the error that a goodbye stands for.
func goodbyeError(g *wire.Goodbye) error {
	e := fault.New(g.Reason.Code(), "the server said goodbye (%d %s): %s",
		uint16(g.Reason), g.Reason, g.Text)
	if g.Reason.Reconnect() {
		e.Retry = max(g.After, time.Millisecond)
		return e
	}
	return refusal{e}
}

// rest is what was received and is not consumed.
func (l *link) rest() []byte { return l.in[l.used:] }

// fill reads more bytes.
func (l *link) fill() error {
	l.in, l.used = l.in[:copy(l.in, l.rest())], 0
	if cap(l.in)-len(l.in) < readBytes/2 {
		_, size, err := wire.Next(l.in, wire.ReplyBytesMax)
		if err != nil {
			return err
		}
		grown := make([]byte, len(l.in), max(size, len(l.in))+readBytes)
		copy(grown, l.in)
		l.in = grown
	}
	n, err := l.conn.Read(l.in[len(l.in):cap(l.in)])
	l.in = l.in[:len(l.in)+n]
	if n > 0 {
		return nil
	}
	return err
}

// timedOut says whether a read ended because of its deadline.
func timedOut(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// frames calls each for every whole frame received, and consumes them.
func (l *link) frames(each func(wire.Frame)) error {
	for {
		f, size, err := wire.Next(l.rest(), wire.ReplyBytesMax)
		if err != nil {
			return fmt.Errorf("read a frame: %w", err)
		}
		if size > len(l.rest()) {
			return nil
		}
		each(f)
		l.used += size
	}
}
