package main

import "github.com/spf13/cobra"

const benchHelp = `Measure Throng, and check every answer while doing so.

Each bench starts the servers it needs in a temporary directory and cleans up
behind itself. Progress goes to stderr, the result to stdout: a table, or with
-o json exactly one object. The exit code is 0 only when every check held; a
missed target is reported and is no error.`

func newBench() *cobra.Command {
	return newGroup("bench", "Measure and check a server under load", benchHelp)
}
