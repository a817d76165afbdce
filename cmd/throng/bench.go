package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
)

const benchHelp = `Measure Throng, and check every answer while doing so.

Each bench starts the servers it needs in a temporary directory and cleans up
behind itself. Progress goes to stderr, the result to stdout: a table, or with
-o json exactly one object. The exit code is 0 only when every check held; a
missed target is reported and is no error.`

func newBench() *cobra.Command {
	group := newGroup("bench", "Measure and check a server under load", benchHelp)
	group.AddCommand(newBenchRatings(), newBenchCrash(), newBenchPeer(), newBenchBoards(),
		newBenchConnect(), newBenchPresence(), newBenchChat(), newBenchResume())
	return group
}

// newBenchCommand returns a command that runs a bench and prints its report.
func newBenchCommand(
	name, short string, run func(context.Context, *cobra.Command) (*report.Report, error),
) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   name,
		Short: short,
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stop()
			context.AfterFunc(ctx, stop) // a second signal ends it at once
			r, err := run(ctx, cmd)
			if err != nil {
				return err
			}
			return printReport(cmd, output, r)
		},
	}
	addOutput(cmd, &output)
	return cmd
}

func printReport(cmd *cobra.Command, output string, r *report.Report) error {
	write := r.WriteTable
	if output == "json" {
		write = r.WriteJSON
	}
	if err := write(cmd.OutOrStdout()); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	if !r.OK {
		return errors.New("a check did not hold: see the report")
	}
	return nil
}

// addServer adds the flags that say which server a bench uses.
func addServer(cmd *cobra.Command, s *process.Selection) {
	flags := cmd.Flags()
	flags.StringVar(&s.Addr, "addr", "",
		"`host:port` of a running server to use (default: start one in a temporary directory)")
	flags.StringVar(&s.ServerKeyFile, "server-key-file", "",
		"with --addr: `file` with the server key of that server")
	addDir(cmd, s)
}

// addDir adds the flag that says where a bench's own servers put their data.
func addDir(cmd *cobra.Command, s *process.Selection) {
	cmd.Flags().StringVar(&s.Dir, "dir", "",
		"`directory` to make temporary directories in (default: the system's place for them)")
}

// checkServer refuses half of what names a running server.
func checkServer(s *process.Selection) error {
	if !s.Own() && s.ServerKeyFile == "" {
		return usagef("--addr needs --server-key-file: name the file with that server's key")
	}
	if s.Own() && s.ServerKeyFile != "" {
		return usagef("--server-key-file is for a running server: name it with --addr")
	}
	return nil
}
