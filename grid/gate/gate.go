package gate

import (
	"sync"
	"sync/atomic"

	"github.com/thronggrid/throng/grid/fault"
)

// Demand is what a command asks of a node that is short of room.
type Demand uint8

// The demands.
const (
	Grows  Demand = iota // makes the state larger, or may
	Enters               // opens a session: small, and who reads needs one
	Frees                // makes the state smaller, or ends something
	demands
)

// Cause is what a node is short of.
type Cause uint8

// The causes, the gravest first: of several, clients are told of the first.
const (
	DiskFull   Cause = iota // a write of the node's own waits for space
	MemoryHigh              // the memory in use is above its limit
	DiskLow                 // there is less space than the node keeps free
	causes
)

// refuses is the table of the package comment.
var refuses = [causes][demands]bool{
	DiskFull:   {Grows: true, Enters: true, Frees: true},
	MemoryHigh: {Grows: true, Enters: true},
	DiskLow:    {Grows: true},
}

// Gate admits commands or refuses them. The zero value admits all, and so does a
// nil *Gate.
type Gate struct {
	// why holds the error for each demand, nil where it is admitted; the pointer is
	// nil while all are.
	why     atomic.Pointer[[demands]*fault.Error]
	refused atomic.Uint64

	mu struct {
		sync.Mutex
		causes [causes]*fault.Error // why it is closed; nil: not for this cause
	}
}

// Close refuses, from now on, what a cause stands against; clients get err.
func (g *Gate) Close(c Cause, err *fault.Error) { g.set(c, err) }

// Open lifts what Close did for a cause.
func (g *Gate) Open(c Cause) { g.set(c, nil) }

func (g *Gate) set(c Cause, err *fault.Error) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.mu.causes[c] = err
	var why *[demands]*fault.Error
	for c, err := range g.mu.causes {
		if err == nil {
			continue
		}
		if why == nil {
			why = new([demands]*fault.Error)
		}
		for d, yes := range refuses[c] {
			if yes && why[d] == nil {
				why[d] = err
			}
		}
	}
	g.why.Store(why)
}

// Closed says whether something is refused at the moment.
func (g *Gate) Closed() bool { return g != nil && g.why.Load() != nil }

// Check returns nil or why a command is refused, and counts that.
func (g *Gate) Check(d Demand) error {
	if g == nil {
		return nil
	}
	why := g.why.Load()
	if why == nil || why[d] == nil {
		return nil
	}
	g.refused.Add(1)
	return why[d]
}

// Refused is how many commands were refused so far.
func (g *Gate) Refused() uint64 { return g.refused.Load() }
