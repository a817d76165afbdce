package lan

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	chunkBytes = 32 << 10 // the most that a proxy reads at once
	// chunksMax is how many chunks of one direction of a connection wait for their time.
	chunksMax = 64
	// resend is how late the bytes of a lost packet come, as TCP would send them again.
	resend = 200 * time.Millisecond
	// dialIn is how long a proxy tries to reach its node.
	dialIn = 5 * time.Second
)

// Proxies stand before the peer ports of nodes that share this machine's network.
type Proxies struct {
	*Rules
	listeners []net.Listener
	targets   []string           // by node; [0] is not used
	whose     func(net.Addr) int // the node that a connection comes from
	life      context.Context    // ends with Close
	end       context.CancelFunc
	group     sync.WaitGroup

	mu    sync.Mutex
	pairs map[*pair]struct{} // connections that are open
}

// pair is one connection between nodes, in two halves.
type pair struct {
	from, to int
	near     *net.TCPConn // to the node that dialed
	far      *net.TCPConn // to the one that was dialed
}

// NewProxies starts a proxy before each of the targets, the peer ports of nodes 1, 2
// and so on, which need not be open yet. whose says which node the far end of a
// connection belongs to, Clients when it is none's. Close it.
func NewProxies(targets []string, whose func(net.Addr) int) (*Proxies, error) {
	rules, err := NewRules(len(targets))
	if err != nil {
		return nil, err
	}
	p := &Proxies{
		Rules: rules, targets: append([]string{""}, targets...), whose: whose,
		pairs: map[*pair]struct{}{},
	}
	p.life, p.end = context.WithCancel(context.Background())
	for i := range targets {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start a proxy: %w", err), p.Close())
		}
		p.listeners = append(p.listeners, l)
		p.group.Go(func() { p.accept(l, i+1) })
	}
	return p, nil
}

// Addr is the address of the proxy before a node.
func (p *Proxies) Addr(node int) string { return p.listeners[node-1].Addr().String() }

func (p *Proxies) accept(l net.Listener, to int) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		p.group.Go(func() { p.join(c.(*net.TCPConn), to) })
	}
}

// join joins a connection that a node made to the node that it dialed. Over a line that
// is cut nobody is reached until it is mended.
func (p *Proxies) join(near *net.TCPConn, to int) {
	x := &pair{from: p.whose(near.RemoteAddr()), to: to, near: near}
	stop := context.AfterFunc(p.life, func() { near.Close() })
	defer stop()
	if !p.await(x.from, to) || !p.await(to, x.from) {
		near.Close()
		return
	}
	dialer := net.Dialer{Timeout: dialIn}
	far, err := dialer.DialContext(p.life, "tcp", p.targets[to])
	if err != nil {
		reset(near)
		return
	}
	x.far = far.(*net.TCPConn)
	p.note(x, true)
	defer p.note(x, false)
	stopFar := context.AfterFunc(p.life, func() { far.Close() })
	defer stopFar()
	var both sync.WaitGroup
	both.Go(func() { p.pump(x.from, x.to, near, x.far) })
	both.Go(func() { p.pump(x.to, x.from, x.far, near) })
	both.Wait()
}

func (p *Proxies) note(x *pair, open bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if open {
		p.pairs[x] = struct{}{}
	} else {
		delete(p.pairs, x)
	}
}

// await waits until a line is not cut; false: the proxies were closed first.
func (p *Proxies) await(from, to int) bool {
	for {
		f, changed := p.at(from, to)
		if !f.Cut {
			return p.life.Err() == nil
		}
		select {
		case <-changed:
		case <-p.life.Done():
			return false
		}
	}
}

// chunk is bytes on their way.
type chunk struct {
	due   time.Time
	bytes []byte
}

// pump carries one direction of a connection, and closes both ends when it is over.
func (p *Proxies) pump(from, to int, in, out *net.TCPConn) {
	chunks := make(chan chunk, chunksMax)
	var writer sync.WaitGroup
	writer.Go(func() {
		defer in.Close()
		defer out.Close()
		for c := range chunks {
			if !p.arrive(c, from, to) {
				return
			}
			if _, err := out.Write(c.bytes); err != nil {
				return
			}
		}
	})
	defer writer.Wait()
	defer close(chunks)
	for {
		b := make([]byte, chunkBytes)
		n, err := in.Read(b)
		if err != nil {
			return
		}
		select {
		case chunks <- p.depart(b[:n], from, to):
		case <-p.life.Done():
			return
		}
	}
}

// depart draws when bytes arrive.
func (p *Proxies) depart(b []byte, from, to int) chunk {
	f, _ := p.at(from, to)
	wait := f.wait()
	if f.lost() {
		p.dropped.Add(1)
		wait += resend
	}
	if wait > 0 {
		p.delayed.Add(1)
	}
	return chunk{time.Now().Add(wait), b}
}

// arrive waits until a chunk is due and its line is not cut.
func (p *Proxies) arrive(c chunk, from, to int) bool {
	if wait := time.Until(c.due); wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-t.C:
		case <-p.life.Done():
			return false
		}
	}
	p.passed.Add(1)
	return p.await(from, to)
}

// Reset resets all connections from and to a node, and returns how many there were.
func (p *Proxies) Reset(node int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for x := range p.pairs {
		if x.from == node || x.to == node {
			reset(x.near)
			reset(x.far)
			n++
		}
	}
	return n
}

// reset closes a connection in a way that its other end cannot take for a clean end.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0) // fails on what is closed already
	c.Close()
}

// Close ends all proxies and their connections.
func (p *Proxies) Close() error {
	p.end()
	var errs []error
	for _, l := range p.listeners {
		errs = append(errs, l.Close())
	}
	p.group.Wait()
	return errors.Join(errs...)
}
