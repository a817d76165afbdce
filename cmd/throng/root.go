package main

import "github.com/spf13/cobra"

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
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.SuggestionsMinimumDistance = 2
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newServe(), newDemo(), newBench(), newHealth(), newVersion())
	root.AddCommand(newConfig(), newKeys(), newBackup(), newRestore(), newDump())
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
	}
}
