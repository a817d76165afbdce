package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/bench/resume"
)

const resumeHelp = `Cut the sockets of many sessions at random while they chat, and check that every
message reaches every member of its room once and in order.

In each drop, once a second, a fifth of all sockets is closed without a word. The
clients connect again and resume their sessions by themselves.`

func newBenchResume() *cobra.Command {
	var o resume.Options
	cmd := newBenchCommand("resume", "Cut sockets under chat load, and check that nothing is lost",
		func(ctx context.Context, cmd *cobra.Command) (*report.Report, error) {
			switch {
			case o.Sessions < resume.SessionsMin:
				return nil, usagef("--sessions %d: want at least %d", o.Sessions,
					resume.SessionsMin)
			case o.Drops < 1:
				return nil, usagef("--drops %d: want at least 1", o.Drops)
			case o.Rate <= 0:
				return nil, usagef("--rate %g: want more than 0", o.Rate)
			}
			if err := checkServer(&o.Server); err != nil {
				return nil, err
			}
			o.Log = cmd.ErrOrStderr()
			return resume.Run(ctx, o)
		})
	cmd.Long = resumeHelp
	cmd.Example = `  throng bench resume
  throng bench resume --sessions 200 --drops 5 -o json`
	flags := cmd.Flags()
	flags.IntVar(&o.Sessions, "sessions", 2000, "`number` of sessions")
	flags.IntVar(&o.Drops, "drops", 20, "`number` of times to cut sockets")
	flags.Float64Var(&o.Rate, "rate", 2000, "`messages` a second, in all rooms together")
	addServer(cmd, &o.Server)
	return cmd
}
