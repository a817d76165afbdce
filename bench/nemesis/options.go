package nemesis

import (
	"fmt"
	"io"
	"math"
	"time"

	"github.com/thronggrid/throng/bench/process"
)

// Options says how long to trouble a cluster, and how large it is.
type Options struct {
	Nodes   int           // NodesMin to NodesMax
	Length  time.Duration // how long faults go on; at least one comes
	Clients int           // that write scores, 1 to ClientsMax; as many chat
	Seed    uint64        // of operations and faults
	Break   string        // a bug to build the servers with: see Bugs; "": none
	Server  process.Own
	Log     io.Writer // progress for people
}

// Bounds of Options.
const (
	NodesMin   = 3
	NodesMax   = 9
	ClientsMax = 32
)

// Floors of what a run must have gone through.
const (
	faultsPerMinute = 6
	sortsMin        = 8
	// windowWritesMin is how many writes must be acknowledged from a fault until the
	// cluster is whole again.
	windowWritesMin = 20
)

// Defaults returns what is done when nothing else is asked for.
func Defaults() Options {
	return Options{Nodes: 5, Length: 10 * time.Minute, Clients: 6, Log: io.Discard}
}

// Check refuses what cannot be done, by the names of the command's flags.
func (o *Options) Check() error {
	switch {
	case o.Nodes < NodesMin || o.Nodes > NodesMax:
		return fmt.Errorf("--nodes %d: want %d to %d", o.Nodes, NodesMin, NodesMax)
	case o.Length <= 0:
		return fmt.Errorf("--minutes %g: want more than 0", o.Length.Minutes())
	case o.Clients < 1 || o.Clients > ClientsMax:
		return fmt.Errorf("--clients %d: want 1 to %d", o.Clients, ClientsMax)
	case o.Break != "" && Bugs()[o.Break] == "":
		return fmt.Errorf("--break %s: there is no such bug: there is ack-early", o.Break)
	}
	return nil
}

// faultsMin is how many faults there must be, and sortsMin of how many sorts.
func (o *Options) faultsMin() (faults, sorts int) {
	faults = max(1, int(math.Floor(o.Length.Minutes()*faultsPerMinute)))
	return faults, min(sortsMin, faults)
}
