package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/bench/presences"
	"github.com/thronggrid/throng/bench/report"
)

const presenceHelp = `Measure who-is-here: sessions that come and go in one large room, what its
members are told, and a crowd that loses its connections at once and resumes.`

func newBenchPresence() *cobra.Command {
	var o presences.Options
	cmd := newBenchCommand("presence", "Measure coming, going and resuming in a large room",
		func(ctx context.Context, cmd *cobra.Command) (*report.Report, error) {
			switch {
			case o.Members < 1:
				return nil, usagef("--members %d: want at least 1", o.Members)
			case o.Seconds <= 0:
				return nil, usagef("--seconds %g: want more than 0", o.Seconds)
			}
			if err := checkServer(&o.Server); err != nil {
				return nil, err
			}
			o.Log = cmd.ErrOrStderr()
			return presences.Run(ctx, o)
		})
	cmd.Long = presenceHelp
	cmd.Example = `  throng bench presence
  throng bench presence --members 200 --seconds 3 -o json`
	flags := cmd.Flags()
	flags.IntVar(&o.Members, "members", 1000, "`number` of members of the room")
	flags.Float64Var(&o.Seconds, "seconds", 10, "how many `seconds` others come and go")
	addServer(cmd, &o.Server)
	return cmd
}
