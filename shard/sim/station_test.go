package sim

import (
	"slices"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/shard/peer"
)

// station is one start of a node on the network: a peer.Peers. All but what is set before
// it joins is guarded by the network's lock.
type station struct {
	net      *network
	address  string
	stop     chan struct{}
	handlers [peer.ChannelsEnd]peer.Handler
	watchers []func(peer.Event)

	origin grid.Origin // 0: nobody can reach it by a number yet
	closed bool
	nodes  []peer.Node // that there are, as it was told
	boxes  map[*station]*box
	calls  map[uint64]call
	last   uint64 // number of the newest call
}

var _ peer.Peers = (*station)(nil)

// call waits for its answer.
type call struct {
	link *link
	done peer.Done
}

// parcel is a message on its way.
type parcel struct {
	channel peer.Channel
	id      uint64 // of a call, or of the call that it answers; 0: nobody waits
	answer  bool
	body    []byte
}

// item is something that a node comes to hear of another one: an event, or a parcel.
type item struct {
	link  *link
	event peer.State // 0: a parcel
	due   time.Time
	parcel
}

// box is what a node comes to hear of another one, in order.
type box struct {
	queue []item
	wake  chan struct{}
}

func (b *box) kick() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// join begins a start on a machine. Its Serve and Watch come next, then begin.
func (n *network) join(address string) *station {
	s := &station{net: n, address: address, stop: make(chan struct{}),
		boxes: make(map[*station]*box), calls: make(map[uint64]call)}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stations[address] = s
	return s
}

// begin says who the node is: others reach it from now on.
func (s *station) begin(o grid.Origin) {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	s.origin = o
}

// close ends the start as a crash does: nothing is heard of it any more, and what it waits
// for is lost.
func (s *station) close() {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	close(s.stop)
	lost := s.calls
	s.calls = make(map[uint64]call)
	go func() {
		for _, c := range lost {
			c.done(nil, peer.ErrLost)
		}
	}()
}

func (s *station) knows(o *station) bool {
	return slices.ContainsFunc(s.nodes, func(n peer.Node) bool { return n.Number == o.origin.Node() })
}

// enter puts something into the box for what comes from another node. Called under the lock.
func (s *station) enter(from *station, i item) {
	if s.closed {
		return
	}
	b := s.boxes[from]
	if b == nil {
		b = &box{wake: make(chan struct{}, 1)}
		s.boxes[from] = b
		go s.unpack(b, from)
	}
	b.queue = append(b.queue, i)
	b.kick()
}

// unpack hands on what is in a box, each at its time.
func (s *station) unpack(b *box, from *station) {
	for {
		i, pause := s.next(b, from)
		if pause == 0 {
			s.hear(i, from)
			continue
		}
		late := time.NewTimer(pause)
		select {
		case <-b.wake:
		case <-late.C:
		case <-s.stop:
			late.Stop()
			return
		}
		late.Stop()
	}
}

// next takes the next out of a box, or says how long it is to wait.
func (s *station) next(b *box, from *station) (item, time.Duration) {
	n := s.net
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(b.queue) > 0 {
		i := b.queue[0]
		switch {
		case s.closed:
			return i, time.Hour
		case i.event != 0 && n.paused[s.address]:
			return i, time.Hour
		case i.event == 0 && n.link(s, from) != i.link: // lost with its connection
			b.queue = b.queue[1:]
			continue
		case i.event == 0 && n.stuck(from.address, s.address):
			return i, time.Hour
		}
		if wait := time.Until(i.due); wait > 0 {
			return i, wait
		}
		b.queue = b.queue[1:]
		return i, 0
	}
	return item{}, time.Hour
}

// hear hands on what has come.
func (s *station) hear(i item, from *station) {
	switch {
	case i.event != 0:
		if i.event != peer.Up {
			s.fail(i.link)
		}
		for _, f := range s.watchers {
			f(peer.Event{Node: from.origin, State: i.event})
		}
	case i.answer:
		if c, ok := s.answered(i.id); ok {
			c.done(i.body, nil)
		}
	case s.handlers[i.channel] != nil:
		var answer func([]byte)
		if i.id != 0 {
			answer = func(body []byte) {
				_ = s.send(from.origin.Node(), i.link,
					parcel{channel: i.channel, id: i.id, answer: true, body: body})
			}
		}
		s.handlers[i.channel](from.origin, i.body, answer)
	}
}

// fail fails the calls that went over a connection.
func (s *station) fail(l *link) {
	s.net.mu.Lock()
	var lost []peer.Done
	for id, c := range s.calls {
		if c.link == l {
			lost = append(lost, c.done)
			delete(s.calls, id)
		}
	}
	s.net.mu.Unlock()
	for _, done := range lost {
		done(nil, peer.ErrLost)
	}
}

func (s *station) answered(id uint64) (call, bool) {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	c, ok := s.calls[id]
	delete(s.calls, id)
	return c, ok
}

// send sends a parcel to a node, over one connection only unless that is nil. An id of a
// call, whose done is given, is made here.
func (s *station) send(node uint32, only *link, p parcel, done ...peer.Done) error {
	n := s.net
	n.mu.Lock()
	defer n.mu.Unlock()
	l, to := s.way(node)
	if l == nil || only != nil && l != only {
		return peer.ErrUnreachable
	}
	for _, d := range done {
		s.last++
		p.id = s.last
		s.calls[p.id] = call{l, d}
	}
	if n.rand.Float64() < n.breaks {
		n.drop(l, peer.Down, peer.Down)
		return nil
	}
	due := &l.due[0]
	if l.ends[0] == s {
		due = &l.due[1]
	}
	if at := time.Now().Add(n.delay(to.address)); at.After(*due) {
		*due = at
	}
	to.enter(s, item{link: l, due: *due, parcel: p})
	return nil
}

// way returns the connection to a node. Called under the lock.
func (s *station) way(node uint32) (*link, *station) {
	if s.closed {
		return nil, nil
	}
	for _, l := range s.net.links {
		for i, end := range l.ends {
			if end == s && l.ends[1-i].origin.Node() == node {
				return l, l.ends[1-i]
			}
		}
	}
	return nil, nil
}

// Tell implements peer.Peers.
func (s *station) Tell(node uint32, c peer.Channel, body []byte) error {
	return s.send(node, nil, parcel{channel: c, body: body})
}

// Call implements peer.Peers.
func (s *station) Call(node uint32, c peer.Channel, body []byte, done peer.Done) {
	if err := s.send(node, nil, parcel{channel: c, body: body}, done); err != nil {
		done(nil, err)
	}
}

// Ask implements peer.Peers, with a connection of its own.
func (s *station) Ask(address string, c peer.Channel, body []byte, done peer.Done) {
	n := s.net
	n.mu.Lock()
	to := n.stations[address]
	bad := to == nil || to.closed || to.origin == 0 || s.closed || n.blocked(s.address, address)
	delay := n.delay(address)
	n.mu.Unlock()
	if bad {
		done(nil, peer.ErrUnreachable)
		return
	}
	go func() {
		time.Sleep(delay)
		heard := make(chan []byte, 1)
		to.handlers[c](0, body, func(b []byte) { heard <- b })
		late := time.NewTimer(peer.SilenceMax)
		defer late.Stop()
		select {
		case b := <-heard:
			time.Sleep(delay)
			done(b, nil)
		case <-to.stop:
			done(nil, peer.ErrLost)
		case <-late.C:
			done(nil, peer.ErrLost)
		}
	}()
}

// Serve implements peer.Peers.
func (s *station) Serve(c peer.Channel, h peer.Handler) { s.handlers[c] = h }

// Watch implements peer.Peers.
func (s *station) Watch(f func(peer.Event)) { s.watchers = append(s.watchers, f) }

// SetNodes implements peer.Peers.
func (s *station) SetNodes(nodes []peer.Node) {
	s.net.mu.Lock()
	defer s.net.mu.Unlock()
	s.nodes = slices.Clone(nodes)
}
