package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/bench/boards"
	"github.com/thronggrid/throng/bench/report"
)

const boardsHelp = `Measure what a large board costs: memory per record after minutes of updates,
what a snapshot under full write load does to submits and memory, and how fast
a killed server serves again.

Takes a few minutes and about a gigabyte in the temporary directory.`

func newBenchBoards() *cobra.Command {
	var o boards.Options
	cmd := newBenchCommand("boards", "Measure memory, snapshots and restarts of a large board",
		func(ctx context.Context, cmd *cobra.Command) (*report.Report, error) {
			switch {
			case o.Members < 1:
				return nil, usagef("--members %d: want at least 1", o.Members)
			case o.Seconds <= 0:
				return nil, usagef("--seconds %g: want more than 0", o.Seconds)
			case o.Restarts < 1:
				return nil, usagef("--restarts %d: want at least 1", o.Restarts)
			}
			o.Log = cmd.ErrOrStderr()
			return boards.Run(ctx, o)
		})
	cmd.Long = boardsHelp
	cmd.Example = `  throng bench boards
  throng bench boards --members 100000 --seconds 20 --restarts 2 -o json`
	flags := cmd.Flags()
	flags.IntVar(&o.Members, "members", 1_000_000, "`number` of records on the board")
	flags.Float64Var(&o.Seconds, "seconds", 120, "how many `seconds` to update it")
	flags.IntVar(&o.Restarts, "restarts", 5, "`number` of times to kill and restart the server")
	addDir(cmd, &o.Server)
	return cmd
}
