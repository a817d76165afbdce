package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
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
between neighbours in time; the median counts.`

func newBenchPeer() *cobra.Command {
	group := newGroup("peer", "Compare with another server in the same run",
		"Compare Throng with another server on this machine, in the same run.")
	group.AddCommand(newBenchRedis())
	return group
}

func newBenchRedis() *cobra.Command {
	var o peer.Options
	cmd := newBenchCommand("redis", "Compare boards, chat and fan-out with Redis",
		func(ctx context.Context, cmd *cobra.Command) (*report.Report, error) {
			if err := checkRedis(&o); err != nil {
				return nil, err
			}
			o.Log = cmd.ErrOrStderr()
			return peer.Redis(ctx, o)
		})
	cmd.Long = redisHelp
	cmd.Example = `  throng bench peer redis
  throng bench peer redis --only T3,T5 --members 100000 --rounds 3 -o json`
	flags := cmd.Flags()
	flags.IntVar(&o.Members, "members", 1_000_000, "`number` of records on each of the two boards")
	flags.Float64Var(&o.Seconds, "seconds", 2, "how many `seconds` each short run is measured")
	flags.IntVar(&o.Rounds, "rounds", 0, "`number` of alternations (default 5, and 7 for T4)")
	flags.StringSliceVar(&o.Only, "only", nil,
		"measure only these `targets` of "+strings.Join(peer.Comparisons(), ", ")+
			", with commas between them")
	flags.StringVar(&o.Redis, "redis", "redis-server", "the redis-server `program`")
	addDir(cmd, &o.Server)
	return cmd
}

func checkRedis(o *peer.Options) error {
	switch {
	case o.Members < 1:
		return usagef("--members %d: want at least 1", o.Members)
	case o.Seconds <= 0:
		return usagef("--seconds %g: want more than 0", o.Seconds)
	case o.Rounds < 0:
		return usagef("--rounds %d: want at least 1, or 0 for the default", o.Rounds)
	}
	for _, target := range o.Only {
		if !slices.Contains(peer.Comparisons(), target) {
			return usagef("--only %s: want one of %s", target,
				strings.Join(peer.Comparisons(), ", "))
		}
	}
	if _, err := exec.LookPath(o.Redis); err != nil {
		return fmt.Errorf("start Redis: %w; Debian: apt-get install redis-server", err)
	}
	return nil
}
