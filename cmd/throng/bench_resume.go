package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/bench/resume"
)

const resumeHelp = `Cut the sockets of many sessions at random while they chat, and check that every
message reaches every member of its room once and in order.

In each drop, once a second, a fifth of all sockets is closed without a word. The
clients connect again and resume their sessions by themselves.

Takes about half a minute. Each session takes a file descriptor here and one in the
server: the limit of open files must be 5,000 above their number (ulimit -n).`

func newBenchResume() *cobra.Command {
	o := resume.Defaults()
	cmd := &cobra.Command{
		Use:   "resume",
		Short: "Cut sockets under chat load, and check that nothing is lost",
		Long:  resumeHelp,
		Example: `  throng bench resume
  throng bench resume --sessions 200 --drops 5 -o json`,
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Sessions, "sessions", o.Sessions, "`number` of sessions")
	flags.IntVar(&o.Drops, "drops", o.Drops, "`number` of times to cut sockets")
	flags.Float64Var(&o.Rate, "rate", o.Rate, "`messages` a second, in all rooms together")
	addServer(cmd, &o.Server)
	check := func() error {
		if err := o.Check(); err != nil {
			return err
		}
		return checkFiles("--sessions", o.Sessions, o.Server.Addr == "")
	}
	run := func(ctx context.Context, progress io.Writer) (*report.Report, error) {
		o.Log = progress
		return resume.Run(ctx, o)
	}
	return benchCommand(cmd, check, run)
}
