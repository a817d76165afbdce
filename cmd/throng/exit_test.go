package main

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"testing"
)

func TestExitCodes(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{io.EOF, 1},
		{usagef("--nope"), 2},
		{fmt.Errorf("serve: %w", usagef("--nope")), 2},
	} {
		if got := exitCode(tc.err); got != tc.want {
			t.Errorf("%v ends with exit code %d, want %d", tc.err, got, tc.want)
		}
	}
}

// TestCrashIsNoExitCode: the Go runtime ends a program that has crashed with exit code 2,
// which is ours for wrong usage, and keeps supervisors from starting a node again. It
// treats SIGQUIT as it does a panic.
func TestCrashIsNoExitCode(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sh", append([]string{"-c", `ulimit -c 0 && exec throng "$@"`, "sh"},
		serveArgs(t.TempDir(), nil)...)...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	wait, err := startMortal(cmd)
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Errorf("the server said %q, %v", line, err)
	}
	if err := cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		t.Error(err)
	}
	_ = wait()
	if how, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || how.Signal() != syscall.SIGABRT {
		t.Errorf("a crash ends with %v, want a signal", cmd.ProcessState)
	}
}
