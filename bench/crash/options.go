package crash

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/thronggrid/throng/bench/process"
)

// Options says how often to crash, and how.
type Options struct {
	Cycles    int               // crashes; 0: 10
	Power     bool              // cut the power instead of SIGKILL alone; needs root
	Clients   int               // writers, 1 to ClientsMax; 0: 8
	WritesMin int               // acknowledged writes that each cycle must have; 0: 200
	Seed      uint64            // of the operations; 0: a random one
	Server    process.Selection // how to start the server; a running one cannot be used
	Log       io.Writer         // progress for people; nil: none
}

// ClientsMax bounds Options.Clients.
const ClientsMax = 64

// The defaults, and how long a cycle writes before the crash; the seed decides.
const (
	cyclesDefault  = 10
	clientsDefault = 8
	writesDefault  = 200
	writeMin       = 200 * time.Millisecond
	writeMax       = 1500 * time.Millisecond
	earlyMax       = 400 * time.Millisecond // a start is cut short before this
)

func (o *Options) defaults() error {
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.Cycles == 0 {
		o.Cycles = cyclesDefault
	}
	if o.Clients == 0 {
		o.Clients = clientsDefault
	}
	if o.WritesMin == 0 {
		o.WritesMin = writesDefault
	}
	switch {
	case o.Cycles < 1:
		return fmt.Errorf("%d cycles: at least one", o.Cycles)
	case o.Clients < 1 || o.Clients > ClientsMax:
		return fmt.Errorf("%d clients: choose 1 to %d", o.Clients, ClientsMax)
	case !o.Server.Own():
		return errors.New("the server is killed, so it must be the benchmark's own: " +
			"leave --addr out")
	}
	return nil
}

func (o *Options) flags() map[string]string {
	return map[string]string{
		"cycles": strconv.Itoa(o.Cycles), "power": strconv.FormatBool(o.Power),
		"clients": strconv.Itoa(o.Clients), "seed": strconv.FormatUint(o.Seed, 10),
		"writes-min": strconv.Itoa(o.WritesMin),
	}
}
