package main

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the command throng in scripts. The race detector
// would let each one that ends well sleep for a second first.
func TestMain(m *testing.M) {
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	testscript.Main(m, map[string]func(){"throng": main})
}

// TestScripts runs testdata/*.txtar. A script says what a user types and what
// must come back; run with -args -update to accept new output.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               func(e *testscript.Env) error { e.Setenv("GORACE", os.Getenv("GORACE")); return nil },
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"wrong": wrong},
	})
}

// wrong runs a command line that throng must refuse as wrongly typed.
func wrong(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("throng", args...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitUsage {
		ts.Fatalf("throng %q: %v, want exit code %d", args, err, exitUsage)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("throng %q wrote to stdout: %s", args, out)
	}
}
