package mesh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard/peer"
)

// Ask implements peer.Peers: it dials the address as a stranger, or as itself once it has
// a number, makes one call, and closes the connection. The error of a refusal wraps a
// *Refusal. A stranger may ask on channel Members alone.
func (m *Mesh) Ask(address string, c peer.Channel, body []byte, done peer.Done) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.mu.closed:
		m.fails.add(done, peer.ErrUnreachable)
	case len(body) > strangerBytesMax:
		m.fails.add(done, peer.ErrTooLarge)
	default:
		m.running.Add(1)
		go func() {
			defer m.running.Done()
			done(m.ask(address, c, body))
		}()
	}
}

func (m *Mesh) ask(address string, c peer.Channel, body []byte) (answer []byte, err error) {
	err = m.visit(address, func(*hello) *Refusal { return nil }, func(stream net.Conn) (err error) {
		answer, err = askOver(stream, c, body)
		return err
	})
	return answer, err
}

// visit dials an address, shakes hands, and hands the connection to use, which has askMax.
func (m *Mesh) visit(address string, check func(*hello) *Refusal, use func(net.Conn) error) error {
	ctx, cancel := context.WithCancel(m.life)
	defer cancel()
	limit := m.o.Clock.AfterFunc(dialMax, cancel)
	raw, err := m.o.Network.Dial(ctx, address)
	limit.Stop()
	if err != nil {
		return fmt.Errorf("%w: %w", peer.ErrUnreachable, err)
	}
	defer raw.Close()
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	limit = m.o.Clock.AfterFunc(handshakeMax, cancel)
	stream, err := m.secure(ctx, raw, address)
	if err == nil {
		g := &meeting{stream: stream, raw: raw, us: m.newHello(forAsk), dialed: address}
		err = m.greet(g, check)
	}
	limit.Stop()
	if err != nil {
		return fmt.Errorf("%w: %s: %w", peer.ErrUnreachable, address, err)
	}
	defer m.o.Clock.AfterFunc(askMax, cancel).Stop()
	return use(stream)
}

// verify sees whether a process that has dialled us answers at its address too: if not,
// some connections will fail when they are needed, and nobody can know that it is gone.
func (m *Mesh) verify(n *node, them *hello) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mu.closed {
		return
	}
	m.running.Add(1)
	go func() {
		defer m.running.Done()
		address := n.address()
		err := m.visit(address, func(h *hello) *Refusal {
			if h.origin() != them.origin() || h.instance != them.instance {
				return wrongNode(n.number, h)
			}
			return nil
		}, func(net.Conn) error { return nil })
		if err == nil {
			n.answered(address, them.instance)
		} else if m.life.Err() == nil {
			m.o.Logger.Warn("a node is connected, but does not answer at its address: correct "+
				"`advertise_peer_addr` there, or open the way to it", "node", n.number,
				"address", address, "err", err)
		}
	}()
}

// askOver makes one call over a connection.
func askOver(stream net.Conn, c peer.Channel, body []byte) ([]byte, error) {
	var box outbox
	box.add(head{sort: sortCall, channel: c, call: 1}, body)
	bufs := box.pieces(nil)
	if _, err := bufs.WriteTo(stream); err != nil {
		return nil, fmt.Errorf("%w: %w", peer.ErrLost, err)
	}
	h, answer, err := readFrame(stream)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", peer.ErrLost, err)
	case h.sort == sortUntaken:
		return nil, peer.ErrUnreachable
	case h.sort != sortAnswer || h.call != 1 || h.channel != c:
		return nil, fmt.Errorf("%w: its answer is none", peer.ErrLost)
	}
	return answer, nil
}

// readFrame reads one frame of at most strangerBytesMax.
func readFrame(r io.Reader) (head, []byte, error) {
	var b [headBytes]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return head{}, nil, err
	}
	h, err := decodeHead(b[:])
	if err == nil && h.length > strangerBytesMax {
		err = errors.New("the question or answer is too long")
	}
	if err != nil {
		return h, nil, protocolError{err}
	}
	body := make([]byte, h.length)
	_, err = io.ReadFull(r, body)
	return h, body, err
}

// admitAsk decides on a connection for one question.
func (m *Mesh) admitAsk(g *meeting) *Refusal {
	if g.us.cluster == (grid.ID{}) {
		return notJoined(&g.us)
	}
	if m.asking.Add(1) > strangersMax {
		m.asking.Add(-1)
		return refuse(TooMany, "too many nodes ask to join at once: try again in some seconds")
	}
	return nil
}

// serveAsk writes the verdict, reads one call, and writes what its handler answers. Who
// is no node of the topology may call Members alone.
func (m *Mesh) serveAsk(ctx context.Context, cancel func(), g *meeting, verdict []byte) {
	defer m.asking.Add(-1)
	defer m.o.Clock.AfterFunc(askMax, cancel).Stop()
	if _, err := g.stream.Write(verdict); err != nil {
		return
	}
	h, body, err := readFrame(g.stream)
	if err != nil || h.sort != sortCall {
		return
	}
	var from grid.Origin
	if g.them.number != 0 {
		from = g.them.origin()
	}
	reply := head{sort: sortAnswer, channel: h.channel, call: h.call}
	handler := m.handlers[h.channel]
	if handler == nil || h.channel != peer.Members && m.node(g.them.number) == nil {
		reply.sort = sortUntaken
		m.replyTo(g, reply, nil)
		return
	}
	answers := make(chan []byte, 1)
	handler(from, body, func(body []byte) {
		select {
		case answers <- body:
		default: // a second answer
		}
	})
	select {
	case answer := <-answers:
		if len(answer) > strangerBytesMax {
			reply.sort, answer = sortUnsaid, nil
		}
		m.replyTo(g, reply, answer)
	case <-ctx.Done():
	}
}

// replyTo writes one frame, and waits until the other side closes.
func (m *Mesh) replyTo(g *meeting, h head, body []byte) {
	var box outbox
	box.add(h, body)
	bufs := box.pieces(nil)
	if _, err := bufs.WriteTo(g.stream); err == nil {
		g.stream.Read(make([]byte, 1))
	}
}
