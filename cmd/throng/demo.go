package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/bench/demo"
)

const demoHelp = `Show a server with a crowd in it: bots log in, enter rooms of twenty, talk, and
score on a board, each at the pace of a person in a hurry.

The demo starts a server of its own, in a temporary directory on a free port, or
uses the one that --addr names. On a terminal it draws a screen once a second;
elsewhere, and where TERM is dumb, it prints a line every five seconds. The screen
shows where to connect a client of your own, and which file has the server key.

q or Ctrl-C ends it, Ctrl-C again at once. Then the bots finish what they have
begun, and everything is read back: each room must have all messages that were
acknowledged, and each bot's record all its points. The exit code is 0 only if that
is so. A server of its own is stopped and its directory removed; on one that --addr
names, the rooms demo-… stay, and the rest is taken away.`

const demoExample = `  throng demo
  throng demo --bots 1000
  throng demo --bots 50 --seconds 10    # ends by itself
  throng demo --addr 127.0.0.1:7400 --server-key-file data/server.key`

func newDemo() *cobra.Command {
	o := demo.Defaults()
	cmd := &cobra.Command{
		Use: "demo", Short: "Show a server with a crowd of bots", Long: demoHelp,
		Example: demoExample, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runDemo(cmd, o) },
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Bots, "bots", o.Bots, "`number` of bots")
	flags.Float64Var(&o.Seconds, "seconds", o.Seconds, "end after so many `seconds`; 0 is never")
	addServer(cmd, &o.Server)
	return cmd
}

func runDemo(cmd *cobra.Command, o demo.Options) error {
	if err := o.Check(); err != nil {
		return usageError{err}
	}
	if err := checkFiles("--bots", o.Bots, o.Server.Addr == ""); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(cmd.Context(),
		syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	fmt.Fprintf(cmd.ErrOrStderr(), "starting, and letting %d bots in\n", o.Bots)
	out := cmd.OutOrStdout()
	var s demo.Summary
	var err error
	if terminal, ok := screenOf(out); ok {
		var screen *screen
		if ctx, screen, err = openScreen(ctx, terminal, os.Stdin); err != nil {
			return err
		}
		o.Draw = screen.draw
		s, err = demo.Run(ctx, o)
		screen.close()
	} else {
		o.Every = lineEvery
		o.Draw = func(f demo.Frame) { fmt.Fprintln(out, demoLine(&f)) }
		s, err = demo.Run(ctx, o)
	}
	if err != nil {
		return err
	}
	fmt.Fprint(out, demoSummary(&s))
	if len(s.Wrong) > 0 {
		return errors.New("not all that was acknowledged was read back")
	}
	return nil
}

// demoSummary is what is said in the end.
func demoSummary(s *demo.Summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%.0f s: %d messages and %d scores acknowledged, %d pushes\n",
		s.Elapsed.Seconds(), s.Messages, s.Scores, s.Pushes)
	fmt.Fprintf(&b, "acknowledged, on disk, in %.1f ms (p50), %.1f ms (p99)\n", s.P50, s.P99)
	fmt.Fprintf(&b, "read back: %d of %d messages, %d of %d points\n",
		s.MessagesRead, s.Messages, s.PointsRead, s.PointsAcked)
	if s.Unknown > 0 {
		fmt.Fprintf(&b, "%d calls had an unknown outcome: they may count or not\n", s.Unknown)
	}
	for _, w := range s.Wrong {
		fmt.Fprintln(&b, "WRONG:", w)
	}
	if len(s.Wrong) == 0 {
		fmt.Fprintln(&b, "everything that was acknowledged is there")
	}
	return b.String()
}
