package mesh

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// guests are the connections that others have dialled and that are no line's yet, or
// never will be: there are only so many.
type guests struct {
	life          context.Context // ends with the mesh
	end           context.CancelFunc
	begun, failed atomic.Uint64
	shaking       atomic.Int64 // handshakes under way
	asking        atomic.Int64 // questions under way

	notices notices
}

func (g *guests) open() { g.life, g.end = context.WithCancel(context.Background()) }

// close ends all of them.
func (g *guests) close() { g.end() }

// accept takes connections until the listener is closed. When too many handshakes are
// under way, it closes what comes at once.
func (m *Mesh) accept() {
	defer m.running.Done()
	for m.life.Err() == nil {
		raw, err := m.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of file descriptors, say
			m.o.Logger.Error("a connection of another node could not be taken", "err", err)
			m.pause(pulseEvery)
			continue
		}
		m.begun.Add(1)
		if m.shaking.Add(1) > handshakesMax {
			m.shaking.Add(-1)
			m.failed.Add(1)
			raw.Close()
			continue
		}
		m.running.Add(1)
		go m.receive(raw)
	}
}

// pause waits for d, or for the end of the mesh.
func (m *Mesh) pause(d time.Duration) {
	ctx, cancel := context.WithCancel(m.life)
	timer := m.o.Clock.AfterFunc(d, cancel)
	<-ctx.Done()
	timer.Stop()
	cancel()
}

// receive shakes hands with who has dialled, and gives the connection to a line, or serves
// the one question that it is for.
func (m *Mesh) receive(raw net.Conn) {
	defer m.running.Done()
	ctx, cancel := context.WithCancel(m.life)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	limit := m.o.Clock.AfterFunc(handshakeMax, cancel)
	g := &meeting{raw: raw}
	verdict, refusal, err := m.welcome(ctx, g, stop)
	limit.Stop()
	m.shaking.Add(-1)
	switch {
	case refusal != nil:
		m.refuseGuest(g, refusal)
	case err != nil:
		m.failed.Add(1)
		m.o.Logger.Debug("a handshake on the port for nodes came to nothing",
			"address", raw.RemoteAddr(), "err", err)
	case verdict != nil:
		m.serveAsk(ctx, cancel, g, verdict)
	default:
		return // it is a line's
	}
	stop()
	raw.Close()
}

// welcome shakes hands. Without refusal and error the connection is a line's now, or, when
// there is a verdict to be written, for a question. Stop keeps the end of the context from
// closing it.
func (m *Mesh) welcome(ctx context.Context, g *meeting, stop func() bool) (
	verdict []byte, refusal *Refusal, err error,
) {
	if g.stream, err = m.secure(ctx, g.raw, ""); err != nil {
		return nil, nil, err
	}
	seal, refusal, err := m.meet(g)
	if errors.As(err, &refusal) {
		return nil, refusal, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if refusal == nil && g.them.purpose == forAsk {
		if refusal = m.admitAsk(g); refusal == nil {
			return seal(nil), nil, nil
		}
	} else if refusal == nil {
		if refusal = m.admitLine(g, seal, stop); refusal == nil {
			return nil, nil, nil
		}
	}
	if _, err := g.stream.Write(seal(refusal)); err == nil {
		g.stream.Read(make([]byte, 1)) // the other side closes when it has read
	}
	return nil, refusal, nil
}

// admitLine gives a connection to its node.
func (m *Mesh) admitLine(g *meeting, seal func(*Refusal) []byte, stop func() bool) *Refusal {
	if g.us.number == 0 {
		return notJoined(&g.us)
	}
	n := m.node(g.them.number)
	if n == nil {
		return unknown(&g.them)
	}
	if refusal := n.known(&g.them); refusal != nil {
		return refusal
	}
	return n.lines[g.them.purpose].admit(g, func(r *Refusal) []byte {
		stop()
		return seal(r)
	})
}

// refuseGuest notes the refusal of a connection that another has dialled.
func (m *Mesh) refuseGuest(g *meeting, r *Refusal) {
	if r.quiet() {
		return
	}
	m.failed.Add(1)
	if n := m.node(g.them.number); n != nil && g.them.purpose != forAsk && r.Reason != BadSecret {
		n.refused(r)
		return
	}
	host, _, _ := net.SplitHostPort(g.raw.RemoteAddr().String())
	if m.notices.fresh(host, r.Reason) {
		m.logRefusal(r, "node", g.them.number, "from", g.raw.RemoteAddr().String(),
			"address", g.them.address)
	}
}

func (m *Mesh) logRefusal(r *Refusal, args ...any) {
	m.o.Logger.Warn("a connection between nodes was refused",
		append(args, "reason", int(r.Reason), "by_us", !r.Theirs, "what_to_do", r.Text)...)
}

// noticesMax is how many addresses are remembered for what was logged of them.
const noticesMax = 1024

// notices keep the log from filling with what strangers do.
type notices struct {
	mu struct {
		sync.Mutex
		said map[string]reasons // by the machine's address
	}
}

// fresh says whether this is said of an address for the first time.
func (n *notices) fresh(address string, r Reason) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	said := n.mu.said[address]
	if !said.add(r) {
		return false
	}
	if n.mu.said == nil || len(n.mu.said) >= noticesMax {
		n.mu.said = map[string]reasons{}
	}
	n.mu.said[address] = said
	return true
}
