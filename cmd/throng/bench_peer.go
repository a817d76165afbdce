package main

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/bench/peer"
	"github.com/thronggrid/throng/bench/report"
)

const redisHelp = `Compare Throng with Redis on this machine: the same boards, messages, pipelining
and connections, in short runs that alternate between the two.

redis-server is started by the bench (Debian: apt-get install redis-server), with
an append-only file that is fsynced before each answer, which is what Throng
promises. Its effective configuration is read back and printed. Ratios are taken
between neighbours in time; the median counts.

Takes some minutes.`

func newBenchPeer() *cobra.Command {
	group := newGroup("peer", "Compare with another server in the same run",
		"Compare Throng with another server on this machine, in the same run.")
	group.Example = "  throng bench peer redis"
	group.AddCommand(newBenchRedis())
	return group
}

func newBenchRedis() *cobra.Command {
	o := peer.Defaults()
	cmd := &cobra.Command{
		Use:   "redis",
		Short: "Compare boards, chat and fan-out with Redis",
		Long:  redisHelp,
		Example: `  throng bench peer redis
  throng bench peer redis --only T3,T5 --members 100000 --rounds 3 -o json`,
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Members, "members", o.Members, "`number` of records on each of the two boards")
	flags.Float64Var(&o.Seconds, "seconds", o.Seconds,
		"how many `seconds` each short run is measured")
	flags.IntVar(&o.Rounds, "rounds", o.Rounds,
		"`number` of alternations (default 5, and 7 for T4)")
	flags.StringSliceVar(&o.Only, "only", o.Only,
		"measure only these `targets` of "+strings.Join(peer.Comparisons(), ", ")+
			", with commas between them")
	flags.StringVar(&o.Redis, "redis", o.Redis, "the redis-server `program`")
	addDir(cmd, &o.Server)
	run := func(ctx context.Context, progress io.Writer) (*report.Report, error) {
		o.Log = progress
		return peer.Redis(ctx, o)
	}
	return benchCommand(cmd, o.Check, run)
}
