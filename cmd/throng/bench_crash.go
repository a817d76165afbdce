package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/bench/crash"
	"github.com/thronggrid/throng/bench/report"
)

const crashHelp = `Kill the server under a mixed load, over and over, start it again, and show that
every acknowledged write is there, none half, none twice.

SIGKILL alone leaves what was written in the kernel's memory, so it says nothing
about fsync. With --power the data lies on a disk of its own, and everything that
had not reached it is lost, as in a power cut. That needs root, losetup and
mkfs.ext4.`

func newBenchCrash() *cobra.Command {
	var o crash.Options
	cmd := newBenchCommand("crash", "Kill the server under load, look for lost or doubled writes",
		func(ctx context.Context, cmd *cobra.Command) (*report.Report, error) {
			switch {
			case o.Cycles < 1:
				return nil, usagef("--cycles %d: want at least 1", o.Cycles)
			case o.Clients < 1 || o.Clients > crash.ClientsMax:
				return nil, usagef("--clients %d: want 1 to %d",
					o.Clients, crash.ClientsMax)
			case o.WritesMin < 1:
				return nil, usagef("--writes-min %d: want at least 1", o.WritesMin)
			case o.Power && os.Geteuid() != 0:
				return nil, usagef("--power mounts a disk of its own and needs root: use sudo")
			}
			o.Log = cmd.ErrOrStderr()
			return crash.Run(ctx, o)
		})
	cmd.Long = crashHelp
	cmd.Example = `  throng bench crash --cycles 50
  sudo throng bench crash --power --cycles 20 -o json`
	flags := cmd.Flags()
	flags.IntVar(&o.Cycles, "cycles", 10, "`number` of crashes")
	flags.BoolVar(&o.Power, "power", false, "cut the power instead of SIGKILL alone; needs root")
	flags.IntVar(&o.Clients, "clients", 8, "`number` of clients that write")
	flags.IntVar(&o.WritesMin, "writes-min", 200,
		"`number` of acknowledged writes that each cycle must have")
	flags.Uint64Var(&o.Seed, "seed", 0, "`seed` of the operations; 0 is a random one")
	addDir(cmd, &o.Server)
	return cmd
}
