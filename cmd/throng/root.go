package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/thronggrid/throng/cmd/throng/config"
)

const rootHelp = `Throng is a sharded in-memory data grid for games with very many players.

One binary holds sessions, presence, chat and leaderboards in memory, logs every
change to disk before it answers, and serves clients over TCP and WebSocket.

Exit codes: 0 done, 1 failed, 2 wrong usage, 74 the disk failed.`

func newRoot() *cobra.Command {
	root := newGroup("throng", "A sharded in-memory data grid for games", rootHelp)
	root.Example = `  throng serve                      # serve clients on 127.0.0.1:7400
  throng demo                       # a server with a crowd of bots in it
  throng bench peer redis           # compare with Redis on this machine
  throng version -o json`
	root.Version = readVersion().Version
	root.SetVersionTemplate("throng {{.Version}}\n")
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(wrongFlag)
	root.AddCommand(newServe(), newDemo(), newBench(), newHealth(), newVersion())
	root.AddCommand(newConfig(), newKeys(), newBackup(), newRestore(), newDescribe(), newDump())
	return root
}

// newGroup returns a command that only holds others and shows its help.
func newGroup(use, short, long string) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Long:  long,
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },

		SuggestionsMinimumDistance: 2,
	}
}

// wrongFlag is the error of a command line whose flags cannot be understood. Of one that
// there is not it names the one that was probably meant.
func wrongFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usageError{err}
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := config.Nearest(unknown.GetSpecifiedName(), names); near != "" {
		return usagef("%w: did you mean --%s?", err, near)
	}
	return usageError{err}
}
