package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/bench/connect"
	"github.com/thronggrid/throng/bench/report"
)

const connectHelp = `Measure what connections and sessions cost: logins on new connections and what
they take beyond the bare connect, and the server's memory for each idle session
that is present on a stream.

Takes a few minutes. Each session takes a file descriptor here and one in the
server: the limit of open files must be 5,000 above their number (ulimit -n).`

func newBenchConnect() *cobra.Command {
	o := connect.Defaults()
	cmd := &cobra.Command{
		Use:   "connect",
		Short: "Measure logins and the memory of idle sessions",
		Long:  connectHelp,
		Example: `  throng bench connect -n 14000
  throng bench connect -n 2000 --rounds 1 -o json`,
	}
	flags := cmd.Flags()
	flags.IntVarP(&o.Sessions, "sessions", "n", o.Sessions, "`number` of idle sessions")
	flags.IntVar(&o.Logins, "logins", o.Logins, "`number` of logins in a round")
	flags.IntVar(&o.Rounds, "rounds", o.Rounds, "`number` of rounds of logins and bare connects")
	addDir(cmd, &o.Server)
	check := func() error {
		if err := o.Check(); err != nil {
			return err
		}
		if err := checkFiles("-n", o.Sessions, true); err != nil {
			return err
		}
		return checkFiles("--logins", o.Logins, true)
	}
	run := func(ctx context.Context, progress io.Writer) (*report.Report, error) {
		o.Log = progress
		return connect.Run(ctx, o)
	}
	return benchCommand(cmd, check, run)
}
