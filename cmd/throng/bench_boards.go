package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/bench/boards"
	"github.com/thronggrid/throng/bench/report"
)

const boardsHelp = `Measure what a large board costs: memory per record after minutes of updates,
what a snapshot under full write load does to submits and memory, and how fast
a killed server serves again.

Takes a few minutes and about a gigabyte in the temporary directory.`

func newBenchBoards() *cobra.Command {
	o := boards.Defaults()
	cmd := &cobra.Command{
		Use:   "boards",
		Short: "Measure memory, snapshots and restarts of a large board",
		Long:  boardsHelp,
		Example: `  throng bench boards
  throng bench boards --members 100000 --seconds 20 --restarts 2 -o json`,
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Members, "members", o.Members, "`number` of records on the board")
	flags.Float64Var(&o.Seconds, "seconds", o.Seconds, "how many `seconds` to update it")
	flags.IntVar(&o.Restarts, "restarts", o.Restarts,
		"`number` of times to kill and restart the server")
	addDir(cmd, &o.Server)
	run := func(ctx context.Context, progress io.Writer) (*report.Report, error) {
		o.Log = progress
		return boards.Run(ctx, o)
	}
	return benchCommand(cmd, o.Check, run)
}
