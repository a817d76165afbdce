package sim

import (
	"slices"
	"sync"

	"github.com/thronggrid/throng/grid"
)

// numbers is one name for request ids under which several clients send, so that
// several commands of one name are under way at a time, answered out of turn.
type numbers struct {
	id grid.ID

	mu   sync.Mutex
	seq  uint64
	open []uint64 // not answered yet, in order
}

func newNumbers(n byte) *numbers { return &numbers{id: grid.ID{n}} }

// begin returns the number of a new command; false when too many are open.
func (s *numbers) begin() (uint64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) > 0 && s.seq+1-s.open[0] >= grid.RequestsMax {
		return 0, false
	}
	s.seq++
	s.open = append(s.open, s.seq)
	return s.seq, true
}

// end says that a command will not be asked again.
func (s *numbers) end(seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = slices.DeleteFunc(s.open, func(o uint64) bool { return o == seq })
}

// request returns the id under which an open command is sent now.
func (s *numbers) request(seq uint64) grid.RequestID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return grid.RequestID{Client: s.id, Seq: seq, Low: s.open[0]}
}
