package mesh

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// A meeting is what both sides know after their handshake.
type meeting struct {
	stream net.Conn // what is read and written: TLS, or the connection itself
	raw    net.Conn // what is closed
	us     hello
	them   hello
	dialed string // the address that we dialled; empty: the other side did

	offset, roundTrip time.Duration // their clock ahead of ours, and its doubt twice
}

// id names the connection on both sides.
func (g *meeting) id() uint64 {
	if g.dialed != "" {
		return g.us.connection()
	}
	return g.them.connection()
}

func (m *Mesh) newHello(p purpose) hello {
	self := m.self.Load()
	h := hello{versionMin: versionMin, versionMax: versionMax, purpose: p, number: self.number,
		cluster: self.cluster, incarnation: m.o.Incarnation, levelMin: m.o.LevelMin,
		levelMax: m.o.LevelMax, instance: m.instance, address: m.o.Address}
	m.o.Random(h.nonce[:])
	return h
}

// secure puts TLS around a connection, when it is configured. Its handshake ends with
// the context.
func (m *Mesh) secure(ctx context.Context, raw net.Conn, address string) (net.Conn, error) {
	if m.o.TLS == nil {
		return raw, nil
	}
	var c *tls.Conn
	if address == "" {
		c = tls.Server(raw, m.o.TLS)
	} else {
		config := m.o.TLS
		if config.ServerName == "" {
			config = config.Clone()
			config.ServerName, _, _ = net.SplitHostPort(address)
		}
		c = tls.Client(raw, config)
	}
	return c, c.HandshakeContext(ctx)
}

// greet is the dialler's side of the handshake: hello, their hello, our verdict, theirs.
// Check sees their hello. What was refused is a Refusal. Whoever calls closes the
// connection when the handshake fails or takes too long.
func (m *Mesh) greet(g *meeting, check func(*hello) *Refusal) error {
	var hellos [2][]byte
	sent := m.o.Clock.Micros()
	g.us.clock = sent
	hellos[0] = g.us.encode()
	if _, err := g.stream.Write(hellos[0]); err != nil {
		return err
	}
	var err error
	if g.them, hellos[1], err = readHello(g.stream); err != nil {
		return garbled(err)
	}
	g.measure(sent, m.o.Clock.Micros(), g.them.clock)
	refusal := judge(&g.us, &g.them, g.offset, g.roundTrip/2)
	if refusal == nil && g.them.purpose != g.us.purpose {
		return errGarbage
	}
	if refusal == nil {
		refusal = check(&g.them)
	}
	ours := verdictOf(refusal, m.o.Clock.Micros())
	if _, err = g.stream.Write(ours.encode(m.o.Secret, dialler, hellos, true)); err != nil {
		return err
	}
	theirs, proven, err := readVerdict(g.stream, m.o.Secret, accepter, hellos)
	switch {
	case err != nil:
		return err
	case !proven && (theirs.reason == BadSecret || theirs.reason == reasonNone || refusal != nil):
		return wrongSecret()
	case !proven:
		return errGarbage
	case refusal != nil:
		return refusal
	case theirs.reason != reasonNone:
		return &Refusal{Reason: theirs.reason, Text: theirs.text, Theirs: true}
	}
	return nil
}

// meet is the accepter's side of the handshake up to its verdict: their hello, ours, their
// verdict. It returns what speaks against the connection so far, and how to seal a verdict
// on it, which is still to be written. An error means that there is nothing to say.
func (m *Mesh) meet(g *meeting) (seal func(*Refusal) []byte, refusal *Refusal, err error) {
	var hellos [2][]byte
	if g.them, hellos[0], err = readHello(g.stream); err != nil {
		if errors.As(err, new(errVersion)) { // our hello shows what we speak
			g.us = m.newHello(forMain)
			g.stream.Write(g.us.encode())
		}
		return nil, nil, garbled(err)
	}
	g.us = m.newHello(g.them.purpose)
	sent := m.o.Clock.Micros()
	g.us.clock = sent
	hellos[1] = g.us.encode()
	if _, err = g.stream.Write(hellos[1]); err != nil {
		return nil, nil, err
	}
	theirs, proven, err := readVerdict(g.stream, m.o.Secret, dialler, hellos)
	if err != nil {
		return nil, nil, err
	}
	seal = func(r *Refusal) []byte {
		return verdictOf(r, m.o.Clock.Micros()).encode(m.o.Secret, accepter, hellos, proven)
	}
	g.measure(sent, m.o.Clock.Micros(), theirs.clock)
	switch {
	case !proven:
		refusal = wrongSecret()
	case theirs.reason != reasonNone:
		refusal = &Refusal{Reason: theirs.reason, Text: theirs.text, Theirs: true}
	default:
		refusal = judge(&g.us, &g.them, g.offset, g.roundTrip/2)
	}
	return seal, refusal, nil
}

// measure compares clocks: theirs was read between two moments of ours.
func (g *meeting) measure(sent, received, theirs int64) {
	g.roundTrip = time.Duration(received-sent) * time.Microsecond
	g.offset = time.Duration(theirs-(sent+received)/2) * time.Microsecond
}

func verdictOf(r *Refusal, clock int64) *verdict {
	if r == nil {
		return &verdict{clock: clock}
	}
	return &verdict{reason: r.Reason, clock: clock, text: r.Text}
}

// garbled makes a refusal of another version.
func garbled(err error) error {
	var v errVersion
	if errors.As(err, &v) {
		return refuse(BadVersion, "%v: upgrade the older node, by one release at a time", v)
	}
	return err
}
