package cluster

import (
	"sync"
	"time"

	"github.com/thronggrid/throng/grid/pack"
)

// signs are the signs of life that a meta leader has had, in its present term: by node.
type signs struct {
	mu     sync.Mutex
	term   uint64 // of the meta group
	from   int64  // µs: since when it leads, and listens
	looked int64  // µs: when it last looked whether it does
	by     map[uint32]sign
}

// sign is the newest of a node.
type sign struct {
	at   int64 // µs: when it came
	beat beat
}

// note takes a sign of life.
func (s *signs) note(b *beat, now int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil {
		s.by = make(map[uint32]sign)
	}
	s.by[b.origin.Node()] = sign{now, *b}
}

// deafMax is how far apart two looks of a leader may be: beyond, it was paused, and has
// not heard who was alive meanwhile.
const deafMax = 5 * time.Second

// reign says whether this node leads, and begins to count anew if it has begun to, or has
// heard nothing for a while: what came before says little about who was silent since.
func (s *signs) reign(leads bool, term uint64, now int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !leads:
		s.term = 0
	case s.term != term || now-s.looked > deafMax.Microseconds():
		s.term, s.from = term, now
		clear(s.by)
	}
	s.looked = now
	return leads
}

// all returns the newest sign of each node, and since when they are counted.
func (s *signs) all() (by map[uint32]sign, from int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	by = make(map[uint32]sign, len(s.by))
	for node, at := range s.by {
		by[node] = at
	}
	return by, s.from
}

// View is what the meta leader knows of a node.
type View struct {
	Node     uint32
	Silent   int64 // µs since its last sign of life
	Sessions uint64
	Replicas []Replica
}

// takeView answers with all signs of life: [[silent, beat]…].
func (n *Node) takeView(answer func([]byte)) {
	if !n.leads() {
		answer(askAnother(n.leaderBut(n.is.number)))
		return
	}
	now := n.clock.Micros()
	by, _ := n.signs.all()
	b := pack.AppendArray(nil, len(by))
	for _, s := range by {
		b = pack.AppendUint(pack.AppendArray(b, 2), uint64(max(0, now-s.at)))
		b = s.beat.append(b)
	}
	answer(done(b))
}

// View asks the meta leader how all nodes are, and hands that to done on any goroutine.
func (n *Node) View(done func([]View, error)) {
	n.ask(appendSubject(nil, aboutView, 0), func(body []byte, err error) {
		if err != nil {
			done(nil, err)
			return
		}
		done(decodeViews(body))
	})
}

func decodeViews(body []byte) (out []View, err error) {
	in := pack.NewCursor(body)
	for range in.Array() {
		more := in.Fields(2)
		v := View{Silent: int64(min(in.Uint(), 1<<62))}
		var s beat
		if err := s.decode(&in); err != nil {
			return nil, err
		}
		v.Node, v.Sessions, v.Replicas = s.origin.Node(), s.sessions, s.replicas
		for range more {
			in.Skip()
		}
		if in.Err() != nil {
			break
		}
		out = append(out, v)
	}
	return out, in.Err()
}
