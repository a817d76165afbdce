package main

import (
	"context"

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
	var o connect.Options
	cmd := newBenchCommand("connect", "Measure logins and the memory of idle sessions",
		func(ctx context.Context, cmd *cobra.Command) (*report.Report, error) {
			switch {
			case o.Sessions < connect.SessionsMin:
				return nil, usagef("-n %d: want at least %d sessions", o.Sessions,
					connect.SessionsMin)
			case o.Logins < 1:
				return nil, usagef("--logins %d: want at least 1", o.Logins)
			case o.Rounds < 1:
				return nil, usagef("--rounds %d: want at least 1", o.Rounds)
			}
			o.Log = cmd.ErrOrStderr()
			return connect.Run(ctx, o)
		})
	cmd.Long = connectHelp
	cmd.Example = `  throng bench connect -n 14000
  throng bench connect -n 2000 --rounds 1 -o json`
	flags := cmd.Flags()
	flags.IntVarP(&o.Sessions, "sessions", "n", 14_000, "`number` of idle sessions")
	flags.IntVar(&o.Logins, "logins", 2_000, "`number` of logins in a round")
	flags.IntVar(&o.Rounds, "rounds", 5, "`number` of rounds of logins and bare connects")
	addDir(cmd, &o.Server)
	return cmd
}
