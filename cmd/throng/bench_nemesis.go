package main

import (
	"context"
	"io"
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/bench/nemesis"
	"github.com/thronggrid/throng/bench/report"
)

const nemesisHelp = `Run a cluster of real servers under a load of scores and chat, and bring one
fault after the other over it: nodes killed, paused for longer than a lease, cut off from
their peers in both directions or one, or from everybody, on slow and lossy lines, on
a full disk, without power, wiped and added again, two killed at once, and all
restarted in turn. After each fault the histories that the clients recorded are
checked: boards must be linearizable, and no acknowledged score or message may be
lost, doubled, or given to anybody out of order. In the end nobody may be present who
is gone.

The report lists each fault with the writes of its window, the time to the next
acknowledged write and to one on every board and room, and the errors that clients
saw. Too few faults, writes, elections or installed snapshots fail it, too.

As root, each node gets a network namespace and a disk of its own (needs ip, losetup
and mkfs.ext4). Otherwise the nodes meet through proxies on 127.0.0.1, no power is cut
and no disk filled.

--break builds the servers with a bug, from the sources in the current directory: the
bench must find it, and end with exit code 1.`

func newBenchNemesis() *cobra.Command {
	o := nemesis.Defaults()
	minutes := o.Length.Minutes()
	cmd := &cobra.Command{
		Use:   "nemesis",
		Short: "Bring faults over a cluster under load, look for broken promises",
		Long:  nemesisHelp,
		Example: `  sudo throng bench nemesis --nodes 5 --minutes 10 -o json
  throng bench nemesis --nodes 3 --minutes 1
  sudo throng bench nemesis --minutes 3 --break ack-early`,
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Nodes, "nodes", o.Nodes, "`number` of nodes")
	flags.Float64Var(&minutes, "minutes", minutes, "`minutes` for which faults go on")
	flags.IntVar(&o.Clients, "clients", o.Clients,
		"`number` of clients that write scores; as many chat")
	flags.Uint64Var(&o.Seed, "seed", o.Seed, "`seed` of operations and faults; 0 is a random one")
	flags.StringVar(&o.Break, "break", o.Break,
		"`bug` to build the servers with: ack-early answers before a write is on a majority")
	addDir(cmd, &o.Server)
	check := func() error {
		o.Length = time.Duration(minutes * float64(time.Minute))
		if o.Seed == 0 {
			o.Seed = rand.Uint64()
		}
		return o.Check()
	}
	run := func(ctx context.Context, progress io.Writer) (*report.Report, error) {
		o.Log = progress
		return nemesis.Run(ctx, o)
	}
	return benchCommand(cmd, check, run)
}
