package main

import (
	"context"
	"io"
	"math/rand/v2"
	"os"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/bench/crash"
	"github.com/thronggrid/throng/bench/report"
)

const crashHelp = `Kill the server under a load of scores, boards and chat, over and over, start it
again, and show that every acknowledged write is there, none half, none twice. A
crash takes about two seconds.

SIGKILL alone leaves what was written in the kernel's memory, so it says nothing
about fsync. With --power the data lies on a disk of its own, and everything that
had not reached it is lost, as in a power cut. That needs root, losetup and
mkfs.ext4.`

func newBenchCrash() *cobra.Command {
	o := crash.Defaults()
	cmd := &cobra.Command{
		Use:   "crash",
		Short: "Kill the server under load, look for lost or doubled writes",
		Long:  crashHelp,
		Example: `  throng bench crash --cycles 50
  sudo throng bench crash --power --cycles 20 -o json`,
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Cycles, "cycles", o.Cycles, "`number` of crashes")
	flags.BoolVar(&o.Power, "power", o.Power, "cut the power instead of SIGKILL alone; needs root")
	needsRoot := func() string {
		if o.Power {
			return "--power"
		}
		return ""
	}
	return crashCommand(cmd, &o, needsRoot)
}

// crashCommand adds to a command what the benches have in common that write under
// trouble. needsRoot returns what of it mounts a disk of its own; "": nothing does.
func crashCommand(cmd *cobra.Command, o *crash.Options, needsRoot func() string) *cobra.Command {
	flags := cmd.Flags()
	flags.IntVar(&o.Clients, "clients", o.Clients, "`number` of clients that write")
	flags.IntVar(&o.WritesMin, "writes-min", o.WritesMin,
		"`number` of acknowledged writes that each cycle must have")
	flags.Uint64Var(&o.Seed, "seed", o.Seed, "`seed` of the operations; 0 is a random one")
	addDir(cmd, &o.Server)
	check := func() error {
		if what := needsRoot(); what != "" && os.Geteuid() != 0 {
			return usagef("%s mounts a disk of its own and needs root: use sudo", what)
		}
		if o.Seed == 0 {
			o.Seed = rand.Uint64()
		}
		return o.Check()
	}
	run := func(ctx context.Context, progress io.Writer) (*report.Report, error) {
		o.Log = progress
		return crash.Run(ctx, *o)
	}
	return benchCommand(cmd, check, run)
}
