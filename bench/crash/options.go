package crash

import (
	"fmt"
	"io"
	"time"

	"github.com/thronggrid/throng/bench/process"
)

// Options says how often to crash, and how.
type Options struct {
	Cycles    int    // crashes, at least 1
	Power     bool   // cut the power instead of SIGKILL alone; needs root
	Full      bool   // fill the disk before each SIGKILL; needs root
	Clients   int    // that write, 1 to ClientsMax; as many chat
	WritesMin int    // acknowledged writes that each cycle must have, at least 1
	Seed      uint64 // of the operations
	Server    process.Own
	Log       io.Writer // progress for people
}

// ClientsMax bounds Options.Clients.
const ClientsMax = 64

// How long a cycle writes before the crash; the seed decides.
const (
	writeMin = 200 * time.Millisecond
	writeMax = 1500 * time.Millisecond
	earlyMax = 400 * time.Millisecond // a start is cut short before this
)

// Defaults returns what is done when nothing else is asked for.
func Defaults() Options {
	return Options{Cycles: 10, Clients: 8, WritesMin: 200, Log: io.Discard}
}

// name is what the report calls the run.
func (o *Options) name() string {
	if o.Full {
		return "diskfull"
	}
	return "crash"
}

// Check refuses what cannot be done, by the names of the command's flags.
func (o *Options) Check() error {
	switch {
	case o.Cycles < 1:
		return fmt.Errorf("--cycles %d: want at least 1", o.Cycles)
	case o.Clients < 1 || o.Clients > ClientsMax:
		return fmt.Errorf("--clients %d: want 1 to %d", o.Clients, ClientsMax)
	case o.WritesMin < 1:
		return fmt.Errorf("--writes-min %d: want at least 1", o.WritesMin)
	}
	return nil
}
