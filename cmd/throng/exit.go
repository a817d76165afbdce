package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// The exit codes of every command.
const (
	exitOK     = 0
	exitFailed = 1  // what was asked for failed, or a check did not hold
	exitUsage  = 2  // the command line or the configuration cannot be understood
	exitDisk   = 74 // a write or an fsync failed: what is on disk must be looked at
)

// usageError is an error of who typed the command line.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// usagef returns an error that ends the command with exitUsage.
func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

func exitCode(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		return exitUsage
	}
	return exitFailed
}

// noArgs refuses arguments. On a command that only groups others it names the
// one that was probably meant.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasSubCommands() {
		return usagef("unknown argument %q: %s takes only flags", args[0], cmd.CommandPath())
	}
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return usagef("unknown command %q: did you mean '%s %s'?",
			args[0], cmd.CommandPath(), near[0])
	}
	return usagef("unknown command %q", args[0])
}
