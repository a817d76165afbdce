package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/netio"
)

const benchHelp = `Measure Throng, and check every answer while doing so.

Each bench starts the servers it needs in a temporary directory and cleans up
behind itself. Progress goes to stderr, the result to stdout: a table, or with
-o json exactly one object. The exit code is 0 only when every check held; a
missed target is reported and is no error. Ctrl-C ends a bench, its servers and
their directory.`

func newBench() *cobra.Command {
	group := newGroup("bench", "Measure and check a server under load", benchHelp)
	group.Example = "  throng bench chat\n  throng bench crash --cycles 50 -o json"
	group.AddCommand(newBenchRatings(), newBenchCrash(), newBenchPeer(), newBenchBoards(),
		newBenchConnect(), newBenchPresence(), newBenchChat(), newBenchResume(),
		newBenchDiskfull(), newBenchNemesis())
	return group
}

// benchCommand makes a command run a bench and print its report. What check refuses
// is wrong usage.
func benchCommand(
	cmd *cobra.Command, check func() error,
	run func(ctx context.Context, progress io.Writer) (*report.Report, error),
) *cobra.Command {
	var output string
	addOutput(cmd, &output)
	cmd.Args = noArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := checkOutput(output); err != nil {
			return err
		}
		if err := check(); err != nil {
			return usageError{err}
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		context.AfterFunc(ctx, stop) // a second signal ends it at once
		r, err := run(ctx, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		noteFlags(r, cmd.Flags())
		return printReport(cmd, output, r)
	}
	return cmd
}

// noteFlags notes what the bench was asked to do: the values of all its flags, the
// defaults included, that are not empty.
func noteFlags(r *report.Report, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		value := f.Value.String()
		if list, ok := f.Value.(pflag.SliceValue); ok {
			value = strings.Join(list.GetSlice(), ",")
		}
		if value != "" && f.Name != "output" && f.Name != "help" {
			r.Env.Flags[f.Name] = value
		}
	})
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
		"`host:port` of a running server to use (default: start one in a temporary directory); "+
			"it needs --session-requests-per-second 0 --user-requests-per-second 0")
	flags.StringVar(&s.ServerKeyFile, "server-key-file", "",
		"with --addr: `file` with the server key of that server")
	addDir(cmd, &s.Own)
}

// addDir adds the flag that says where a bench's own server puts its data.
func addDir(cmd *cobra.Command, o *process.Own) {
	cmd.Flags().StringVar(&o.Dir, "dir", "",
		"`directory` to make temporary directories in (default: the system's place for them)")
}

// filesReserve is how many files a bench may have open beside its connections.
const filesReserve = 200

// checkFiles refuses more connections than the limit of open files has room for. A
// server of the bench's own has the same limit, and keeps more free.
func checkFiles(flag string, connections int, own bool) error {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return fmt.Errorf("read the limit of open files: %w", err)
	}
	need := uint64(connections) + filesReserve
	if own {
		need = uint64(connections) + netio.FilesReserve
	}
	if need > files.Max {
		return usagef("%s %d: needs a limit of %d open files, it is %d: raise it, with "+
			"'ulimit -n %d' say, or choose fewer", flag, connections, need, files.Max, need)
	}
	return nil
}
