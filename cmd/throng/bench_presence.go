package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/bench/presences"
	"github.com/thronggrid/throng/bench/report"
)

const presenceHelp = `Measure who-is-here: sessions that come and go in one large room, what its
members are told, and a crowd that loses its connections at once and resumes.

Takes about a quarter of a minute. Each member takes a file descriptor here and one
in the server: the limit of open files must be 5,000 above their number (ulimit -n).`

func newBenchPresence() *cobra.Command {
	o := presences.Defaults()
	cmd := &cobra.Command{
		Use:   "presence",
		Short: "Measure coming, going and resuming in a large room",
		Long:  presenceHelp,
		Example: `  throng bench presence
  throng bench presence --members 200 --seconds 3 -o json`,
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Members, "members", o.Members, "`number` of members of the room")
	flags.Float64Var(&o.Seconds, "seconds", o.Seconds, "how many `seconds` others come and go")
	addServer(cmd, &o.Server)
	check := func() error {
		if err := o.Check(); err != nil {
			return err
		}
		return checkFiles("--members", o.Members, o.Server.Addr == "")
	}
	run := func(ctx context.Context, progress io.Writer) (*report.Report, error) {
		o.Log = progress
		return presences.Run(ctx, o)
	}
	return benchCommand(cmd, check, run)
}
