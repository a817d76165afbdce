// Command throng is the server and the tools around it: it joins the folders of
// the project and holds no logic of its own.
//
// Each file is one command or one duty of serve: serve.go its life, node.go the
// joining of the parts, key.go its secrets, logging.go its logs, reload.go what
// SIGHUP does, exit.go the exit codes. What can be configured is in config. Every
// command writes what was asked for to stdout, and logs and progress to stderr.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main with its edges handed in; it returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteC()
	code := exitCode(err)
	if err != nil {
		fmt.Fprintf(stderr, "throng: %v\n", err)
	}
	if code == exitUsage {
		fmt.Fprintf(stderr, "See '%s --help'.\n", cmd.CommandPath())
	}
	return code
}
