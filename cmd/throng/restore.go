package main

import (
	"log/slog"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/durable/backup"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/shard/host"
)

const restoreHelp = `Make a data directory of a backup, for throng serve to go on with.

The directory must be empty or not there. What was written to it is read back and its
digests are compared with those of the backup; then the command prints them. Until all
that is done, the directory holds the file restore.unfinished, and throng serve refuses
it: remove the directory and restore again.

The restored node goes on from the moment that the backup shows. Sessions of then may be
resumed within the grace, as after a restart. Do not let it serve beside the node that was
backed up: both would go on from there, each for itself.

With --dry-run the backup is only checked, as throng backup verify does.`

func newRestore() *cobra.Command {
	var dataDir, output string
	var dry bool
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Make a data directory of a backup",
		Long:  restoreHelp,
		Example: `  throng restore --data-dir restored today.throng
  throng serve --data-dir restored
  throng restore --dry-run today.throng`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			if dry {
				return runVerify(cmd, args[0], output)
			}
			if dataDir == "" {
				return usagef("--data-dir is missing: name the directory to make")
			}
			return restore(cmd, args[0], dataDir, output)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&dataDir, "data-dir", "", "`directory` to make")
	flags.BoolVar(&dry, "dry-run", false, "only check the backup")
	addOutput(cmd, &output)
	return cmd
}

func restore(cmd *cobra.Command, file, dataDir, output string) error {
	bar := newProgress(cmd.ErrOrStderr(), "restoring")
	var sum backup.Summary
	err := openBackup(file, bar, func(r *backup.Reader) (err error) {
		sum, err = host.Restore(r, host.RestoreOptions{
			FS: vfs.Default, Dir: dataDir, Clock: clock.Real(),
			Logger: slog.New(slog.DiscardHandler),
			Secret: func(s backup.Secret) error { return writeSecret(dataDir, s) },
		})
		return err
	})
	bar.clear()
	if err != nil {
		return err
	}
	return printBackup(cmd.OutOrStdout(), output, file, &sum)
}
