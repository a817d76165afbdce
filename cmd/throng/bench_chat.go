package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/bench/chatter"
	"github.com/thronggrid/throng/bench/report"
)

const chatHelp = `Measure chat: durable messages of 64 senders in rooms of 4, as fast as they go
and at a fixed rate; then read every room's history whole; then fill rooms of
1,000 at once.

Takes about a minute.`

func newBenchChat() *cobra.Command {
	var o chatter.Options
	cmd := newBenchCommand("chat", "Measure durable chat, its history, and filling a room",
		func(ctx context.Context, cmd *cobra.Command) (*report.Report, error) {
			switch {
			case o.Seconds <= 0:
				return nil, usagef("--seconds %g: want more than 0", o.Seconds)
			case o.Rate <= 0:
				return nil, usagef("--rate %g: want more than 0", o.Rate)
			case o.Fills < 1:
				return nil, usagef("--fills %d: want at least 1", o.Fills)
			}
			if err := checkServer(&o.Server); err != nil {
				return nil, err
			}
			o.Log = cmd.ErrOrStderr()
			return chatter.Run(ctx, o)
		})
	cmd.Long = chatHelp
	cmd.Example = `  throng bench chat
  throng bench chat --seconds 5 --fills 2 -o json`
	flags := cmd.Flags()
	flags.Float64Var(&o.Seconds, "seconds", 20, "how many `seconds` each load is measured")
	flags.Float64Var(&o.Rate, "rate", 22_500, "`messages` a second at the fixed rate")
	flags.IntVar(&o.Fills, "fills", 5, "`number` of rooms to fill")
	addServer(cmd, &o.Server)
	return cmd
}
