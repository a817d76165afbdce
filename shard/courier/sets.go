package courier

import (
	"container/list"
	"slices"
	"sync"

	"github.com/thronggrid/throng/grid/presence"
)

// sets are the nodes of the streams that have members on this one and on others, as
// their leaders told. A set goes when its leader says that this node has no member any
// more, or is alone; one whose end was lost goes when there are too many.
type sets struct {
	self uint32
	mu   struct {
		sync.Mutex
		byKey map[string]*list.Element
		order *list.List // of *set; the one that nothing was told of for longest is first
	}
}

// set is the nodes of one stream.
type set struct {
	key   string
	stamp int64
	nodes []uint32
}

func (s *sets) init(self uint32) {
	s.self = self
	s.mu.byKey, s.mu.order = make(map[string]*list.Element), list.New()
}

func (s *sets) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.mu.byKey)
}

// keep takes what a leader tells of a stream, if it is not older than what is known.
func (s *sets) keep(key []byte, now *presence.NodeSet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.mu.byKey[string(key)]
	useful := len(now.Nodes) > 1 && slices.Contains(now.Nodes, s.self)
	switch {
	case at == nil && useful:
		x := &set{string(key), now.Stamp, slices.Clone(now.Nodes)}
		s.mu.byKey[x.key] = s.mu.order.PushBack(x)
		if len(s.mu.byKey) > SetsMax {
			s.forget(s.mu.order.Front())
		}
	case at == nil || now.Stamp < at.Value.(*set).stamp:
	case useful:
		x := at.Value.(*set)
		x.stamp, x.nodes = now.Stamp, append(x.nodes[:0], now.Nodes...)
		s.mu.order.MoveToBack(at)
	default:
		s.forget(at)
	}
}

// forget forgets a set. Under mu.
func (s *sets) forget(at *list.Element) {
	delete(s.mu.byKey, at.Value.(*set).key)
	s.mu.order.Remove(at)
}

// of appends the nodes of a stream, this one among them; none, if no set is kept.
func (s *sets) of(key []byte, out []uint32) []uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := s.mu.byKey[string(key)]; at != nil {
		out = append(out, at.Value.(*set).nodes...)
	}
	return out
}
