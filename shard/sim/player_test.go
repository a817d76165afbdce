package sim

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/session"
)

const (
	players = 4
	// grace is how long a lost session may be resumed.
	grace = 8 * time.Second
)

func roomKey(n int) string { return string(grid.AppendKey(nil, grid.StreamRoom, string(rune('a'+n)))) }

const rooms = 2

// player is a user with one session at a time, and the gateway that it is
// connected to: what package netio does with sockets is done here by hand.
type player struct {
	*client
	user   grid.ID
	rooms  [rooms]*roomLog
	secret [16]byte // resumes the session; zero: there is none to resume
	spare  uint64   // counts secrets

	// The rest is guarded by mu: hints come from the nodes' goroutines.
	mu    sync.Mutex
	gate  *node // nil: not connected
	life  int   // of the gate
	at    grid.Address
	on    map[string]bool // streams that the session has tracked
	inbox []pushed
}

type pushed struct {
	kind grid.Kind
	body []byte
}

// conns numbers the connections of a world; a gateway uses no number twice.
func (w *world) conn() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns++
	return w.conns
}

func (w *world) newPlayer(n int) *player {
	p := &player{client: w.newClient(uint64(50+n), newNumbers(byte(50+n))),
		user: grid.ID{0xf0, byte(n + 1)}, on: make(map[string]bool)}
	p.patient = true
	for i := range p.rooms {
		p.rooms[i] = newRoomLog(p, i)
	}
	w.post.add(p)
	return p
}

// isAt says whether a hint for one session is for this connection.
func (p *player) isAt(to grid.Address) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gate != nil && p.at.Origin == to.Origin && p.at.Conn == to.Conn
}

func (p *player) isOn(key []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gate != nil && p.on[string(key)]
}

// push takes a hint; early: before the one that came last.
func (p *player) push(kind grid.Kind, body []byte, early bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inbox = append(p.inbox, pushed{kind, body})
	if n := len(p.inbox); early && n > 1 {
		p.inbox[n-1], p.inbox[n-2] = p.inbox[n-2], p.inbox[n-1]
	}
}

// connected says whether the player has a connection whose gateway lives, and
// notes when it has none any more.
func (p *player) connected() bool {
	p.mu.Lock()
	gate, life := p.gate, p.life
	p.mu.Unlock()
	if gate == nil {
		return false
	}
	if h, now := gate.running(); h != nil && now == life {
		return true
	}
	p.lose()
	return false
}

// lose ends the connection. What was on its way to it is lost.
func (p *player) lose() {
	p.mu.Lock()
	p.gate, p.inbox = nil, nil
	p.mu.Unlock()
	for _, r := range p.rooms {
		r.reader.Lost()
	}
}

// play does one random thing.
func (p *player) play() {
	if !p.connected() && !p.connect() {
		return
	}
	r := p.rooms[p.rand.IntN(rooms)]
	switch p.rand.IntN(12) {
	case 0:
		p.cut()
	case 1:
		p.track(session.KindUntrack, r)
	case 2:
		if p.rand.IntN(3) == 0 {
			p.end()
		}
	case 3, 4:
		p.track(session.KindTrack, r)
	case 5:
		r.change()
	default:
		if p.isOn([]byte(r.key)) {
			r.send()
		} else {
			p.track(session.KindTrack, r)
		}
	}
	p.listen()
}

// listen takes what was pushed, and reads what is missing.
func (p *player) listen() {
	p.mu.Lock()
	all := p.inbox
	p.inbox = nil
	p.mu.Unlock()
	for _, x := range all {
		switch x.kind {
		case session.KindEnded:
			p.lose()
			p.secret = [16]byte{}
		case session.KindRefused:
			p.w.failIf(true, "a stream refused a session: %x", x.body)
		case chat.KindMessage, chat.KindChanged:
			in := pack.NewCursor(x.body)
			e, err := chat.DecodeMessageEvent(&in)
			p.w.failIf(err != nil, "decode a push: %v", err)
			for _, r := range p.rooms {
				if r.key == e.Key {
					r.heard(x.kind, e.Message)
				}
			}
		}
	}
	for _, r := range p.rooms {
		r.follow()
	}
}

// connect opens a session, or resumes the one there was.
func (p *player) connect() bool {
	gate := p.w.nodes[p.rand.IntN(len(p.w.nodes))]
	h, life := gate.running()
	if h == nil {
		return false
	}
	at := grid.Address{Origin: h.Origin(), Conn: p.w.conn()}
	next := p.nextSecret()
	keys, ok := []string(nil), false
	if p.secret != ([16]byte{}) && p.rand.IntN(4) > 0 {
		keys, ok = p.resume(&at, next)
	}
	if !ok {
		ok = p.open(&at, next)
	}
	if !ok {
		p.orphan(gate, life, at)
		return false
	}
	p.secret = next
	p.mu.Lock()
	p.gate, p.life, p.at = gate, life, at
	p.on = make(map[string]bool)
	for _, k := range keys {
		p.on[k] = true
	}
	p.mu.Unlock()
	for _, r := range p.rooms {
		r.reader.Lost()
	}
	if p.rand.IntN(2) == 0 { // the client shows that it has the new secret
		r := session.ConfirmRequest{User: p.user, Session: at.Session, Origin: at.Origin, Conn: at.Conn}
		p.command(session.KindConfirm, fields(r.Fields(), r.Append))
	}
	return true
}

func (p *player) nextSecret() (s [16]byte) {
	p.spare++
	copy(s[:], p.user[:8])
	binary.BigEndian.PutUint64(s[8:], p.spare)
	return s
}

// resume binds the session to a connection; false: it is gone, or nobody knows.
func (p *player) resume(at *grid.Address, next [16]byte) (keys []string, ok bool) {
	p.mu.Lock()
	at.Session = p.at.Session
	p.mu.Unlock()
	r := session.ResumeRequest{User: p.user, Session: at.Session, Origin: at.Origin, Conn: at.Conn,
		Secret: session.SecretOf(p.secret[:]), Next: session.SecretOf(next[:])}
	a, fate := p.command(session.KindResume, fields(r.Fields(), r.Append))
	if fate != done || a.status != 0 {
		return nil, false
	}
	in := pack.NewCursor(a.body)
	reply, err := session.DecodeResumeReply(&in)
	p.w.failIf(err != nil, "decode a resume: %v", err)
	p.w.count(func(s *stats) { s.resumed++ })
	return reply.Keys, true
}

func (p *player) open(at *grid.Address, next [16]byte) bool {
	r := session.OpenRequest{User: p.user, Origin: at.Origin, Conn: at.Conn,
		Secret: session.SecretOf(next[:])}
	a, fate := p.command(session.KindOpen, fields(r.Fields(), r.Append))
	if fate != done || a.status != 0 {
		return false
	}
	in := pack.NewCursor(a.body)
	reply, err := session.DecodeOpenReply(&in)
	p.w.failIf(err != nil, "decode an open: %v", err)
	at.Session = reply.Session
	p.w.count(func(s *stats) { s.sessions++ })
	return true
}

// command runs a command of the gateway's at the user's slot, without a request id.
func (p *player) command(kind grid.Kind, body []byte) (answer, fate) {
	fate := failed
	for until := time.Now().Add(giveUp / 2); time.Now().Before(until); p.elsewhere() {
		a, now := p.attempt(grid.Op{Kind: kind}, string(p.user[:]), grid.RequestID{}, body)
		if now == done {
			return a, done
		}
		if now == unknown {
			fate = unknown
		}
	}
	return answer{}, fate
}

// cut ends the connection without a word; the gateway notices, if it lives.
func (p *player) cut() {
	p.mu.Lock()
	gate, life, at := p.gate, p.life, p.at
	p.mu.Unlock()
	p.lose()
	p.orphan(gate, life, at)
}

// orphan lets a gateway detach what is bound to a connection that has ended,
// until it succeeds or dies: at once, and again when all that the player has asked
// is settled, for the opening may be among it.
func (p *player) orphan(gate *node, life int, at grid.Address) {
	w, try := p.w, p.tries
	c := w.newClient(uint64(1000+at.Conn), newNumbers(3))
	r := session.DetachRequest{User: p.user, Origin: at.Origin, Conn: at.Conn,
		Grace: grace.Microseconds()}
	w.background.Go(func() {
		for {
			if h, now := gate.running(); h == nil || now != life {
				return // the sweep does it
			}
			settled := p.settled(try)
			_, fate := c.attempt(grid.Op{Kind: session.KindDetach}, string(p.user[:]), grid.RequestID{},
				fields(r.Fields(), r.Append))
			if fate == done && settled || w.closing() || w.failed() != nil {
				return
			}
			c.elsewhere()
		}
	})
}

// request runs a request of the client's that may be done again.
func (p *player) request(kind grid.Kind, n int, add func([]byte) []byte) (answer, fate) {
	p.mu.Lock()
	caller := grid.Caller{User: p.user, Client: p.numbers.id, Address: p.at}
	p.mu.Unlock()
	in := pack.NewCursor(add(nil))
	key, body, err := ops[kind].Prepare(&caller, &in, n, nil)
	p.w.failIf(err != nil, "prepare %#x: %v", uint16(kind), err)
	_ = key
	return p.command(kind, body)
}

// track enters a room or leaves it.
func (p *player) track(kind grid.Kind, r *roomLog) {
	q := session.TrackRequest{Key: r.key, Status: "here"}
	n, add := q.Fields(), q.Append
	if kind == session.KindUntrack {
		u := session.UntrackRequest{Key: r.key}
		n, add = u.Fields(), u.Append
	}
	a, fate := p.request(kind, n, add)
	switch {
	case fate != done: // nobody knows whether it is on the stream: begin anew
		p.cut()
	case a.status == 0:
		p.mu.Lock()
		p.on[r.key] = kind == session.KindTrack
		p.mu.Unlock()
		r.reader.Missed()
	case fault.Code(a.status) == fault.FailedPrecondition: // the session is over
		p.cut()
		p.secret = [16]byte{}
	default:
		p.w.failIf(true, "track: status %d %q", a.status, a.body)
	}
}

// end ends the session at once.
func (p *player) end() {
	var r session.EndRequest
	_, fate := p.request(session.KindEnd, r.Fields(), r.Append)
	p.cut()
	if fate == done {
		p.secret = [16]byte{}
	}
}
