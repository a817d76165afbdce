package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/bench/chatter"
	"github.com/thronggrid/throng/bench/report"
)

const chatHelp = `Measure chat: durable messages of 64 senders in rooms of 4, as fast as they go
and at a fixed rate; then read every room's history whole; then fill rooms of
1,000 at once.

Takes about a minute.`

func newBenchChat() *cobra.Command {
	o := chatter.Defaults()
	cmd := &cobra.Command{
		Use:   "chat",
		Short: "Measure durable chat, its history, and filling a room",
		Long:  chatHelp,
		Example: `  throng bench chat
  throng bench chat --seconds 5 --fills 2 -o json`,
	}
	flags := cmd.Flags()
	flags.Float64Var(&o.Seconds, "seconds", o.Seconds, "how many `seconds` each load is measured")
	flags.Float64Var(&o.Rate, "rate", o.Rate, "`messages` a second at the fixed rate")
	flags.IntVar(&o.Fills, "fills", o.Fills, "`number` of rooms to fill")
	addServer(cmd, &o.Server)
	run := func(ctx context.Context, progress io.Writer) (*report.Report, error) {
		o.Log = progress
		return chatter.Run(ctx, o)
	}
	return benchCommand(cmd, o.Check, run)
}
