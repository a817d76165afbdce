package admin

import (
	"fmt"
	"net/http"
)

// Health is how a node is at the moment.
type Health struct {
	Starting   bool // it does not serve yet: it reads its data
	Stopping   bool
	EdgeEnded  bool // nobody listens for clients any more
	LoopsStuck int  // event loops that have not had a turn for seconds
	DiskFailed bool // a write or an fsync failed: nothing is acknowledged any more
	DiskFull   bool // writes are refused until there is space
	MemoryFull bool // new data and new sessions are refused until there is memory
	EdgeFull   bool // as many connections as are allowed
	Shards     []ShardHealth
}

// ShardHealth is how one of the shards is that the node hosts.
type ShardHealth struct {
	Shard  int
	Served bool   // there is a leader, and it serves
	Lag    uint64 // entries that are committed and not applied yet
}

// LagMax is how many committed entries a shard of a node that is ready may have to apply.
const LagMax = 1000

// reasonsMax bounds an answer: with so many shards of which each has one, all is said.
const reasonsMax = 20

// Reason is one thing that is not as it should be.
type Reason struct {
	Check string `json:"check"` // what was looked at: a fixed word
	Text  string `json:"text"`
}

// dead says why the process should be ended and started again.
func (h *Health) dead() (out []Reason) {
	if h.EdgeEnded {
		out = append(out, Reason{"edge", "the client port is not served any more"})
	}
	if h.LoopsStuck > 0 {
		out = append(out, Reason{"loops",
			fmt.Sprintf("%d event loops do not answer", h.LoopsStuck)})
	}
	if h.DiskFailed {
		out = append(out, Reason{"disk",
			"a write or an fsync failed: look at the disk, then restart"})
	}
	return out
}

// unready says why no clients should be sent to the node.
func (h *Health) unready() []Reason {
	out := h.dead()
	if h.Starting {
		out = append(out, Reason{"start", "the node reads its data and does not serve yet"})
	}
	if h.Stopping {
		out = append(out, Reason{"stop", "the node is stopping"})
	}
	if h.DiskFull {
		out = append(out, Reason{"disk", "the disk is full, and writes are refused: free space"})
	}
	if h.MemoryFull {
		out = append(out, Reason{"memory",
			"the memory in use is above memory_limit, and new sessions are refused"})
	}
	if h.EdgeFull {
		out = append(out, Reason{"edge", "there are as many connections as connections_max allows"})
	}
	for _, s := range h.Shards {
		switch {
		case !s.Served:
			out = append(out, Reason{"shards",
				fmt.Sprintf("shard %d has no leader that serves", s.Shard)})
		case s.Lag > LagMax:
			out = append(out, Reason{"shards",
				fmt.Sprintf("shard %d has %d committed entries to apply", s.Shard, s.Lag)})
		}
	}
	return out
}

// verdict is what is answered when asked for health.
type verdict struct {
	OK      bool     `json:"ok"`
	Reasons []Reason `json:"reasons"`
	More    int      `json:"more,omitempty"` // reasons that are not listed
}

func (s *Server) live(w http.ResponseWriter, _ *http.Request) {
	h := s.options.Node.Health()
	judge(w, h.dead())
}

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	h := s.options.Node.Health()
	judge(w, h.unready())
}

func judge(w http.ResponseWriter, reasons []Reason) {
	v := verdict{OK: len(reasons) == 0, Reasons: reasons}
	if v.OK {
		v.Reasons = []Reason{}
		answer(w, http.StatusOK, v)
		return
	}
	if n := len(reasons) - reasonsMax; n > 0 {
		v.Reasons, v.More = reasons[:reasonsMax], n
	}
	answer(w, http.StatusServiceUnavailable, v)
}
