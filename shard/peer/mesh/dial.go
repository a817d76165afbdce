package mesh

import (
	"context"
	"errors"
	"net"
)

// errOvertaken says that a dial was given up for a connection that the other side dialled.
var errOvertaken = errors.New("the other node has dialled meanwhile")

// errSlow says that a dial or its handshake took too long.
var errSlow = errors.New("the node did not answer in time")

// dial gets a connection and settles it.
func (l *line) dial() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	l.mu.Lock()
	if l.mu.closed || l.mu.next != nil {
		l.mu.Unlock()
		return errOvertaken
	}
	l.mu.dialing = cancel
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		l.mu.dialing, l.mu.greeted = nil, false
		l.mu.Unlock()
	}()
	limit := l.mesh.o.Clock.AfterFunc(l.effort.patience(), cancel)
	address := l.node.address()
	raw, err := l.mesh.o.Network.Dial(ctx, address)
	limit.Stop()
	if err == nil {
		if err = l.agree(ctx, cancel, raw, address); err != nil {
			raw.Close()
		}
	}
	if err != nil && ctx.Err() != nil {
		return errSlow
	}
	return err
}

// agree shakes hands over a connection and settles it.
func (l *line) agree(ctx context.Context, cancel func(), raw net.Conn, address string) error {
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	limit := l.mesh.o.Clock.AfterFunc(l.effort.patience(), cancel)
	defer limit.Stop()
	stream, err := l.mesh.secure(ctx, raw, address)
	if err != nil {
		return err
	}
	g := &meeting{stream: stream, raw: raw, us: l.mesh.newHello(l.purpose), dialed: address}
	l.mu.Lock()
	if l.mu.next != nil || ctx.Err() != nil {
		l.mu.Unlock()
		return errOvertaken
	}
	l.mu.greeted = true
	g.us.last = l.mu.last
	l.mu.Unlock()
	if err := l.mesh.greet(g, l.node.known); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mu.next != nil || l.mu.closed || !stop() {
		return errOvertaken
	}
	l.settle(g, nil)
	return nil
}
