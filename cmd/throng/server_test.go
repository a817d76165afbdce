package main

import (
	"bufio"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// startServer runs throng serve on a free port until the test ends, and returns
// its address.
func startServer(t *testing.T, dir string, flags ...string) string {
	t.Helper()
	addr, _ := startProcess(t, dir, flags...)
	return addr
}

// startProcess is startServer, and returns the process as well.
func startProcess(t *testing.T, dir string, flags ...string) (addr string, _ *os.Process) {
	t.Helper()
	return startProcessTo(t, os.Stderr, dir, flags...)
}

// startProcessTo is startProcess with the log of the process going to stderr.
func startProcessTo(t *testing.T, stderr *os.File, dir string, flags ...string) (addr string, _ *os.Process) {
	t.Helper()
	cmd := exec.Command("throng", serveArgs(dir, flags)...)
	cmd.Stderr = stderr
	return startCommand(t, cmd)
}

// startLimited is startProcess with a limit of open files.
func startLimited(t *testing.T, files int, dir string, flags ...string) (addr string, _ *os.Process) {
	t.Helper()
	cmd := exec.Command("sh", append([]string{
		"-c", `ulimit -n "$0" && exec throng "$@"`, strconv.Itoa(files)}, serveArgs(dir, flags)...)...)
	cmd.Stderr = os.Stderr
	return startCommand(t, cmd)
}

func serveArgs(dir string, flags []string) []string {
	return append([]string{
		"serve", "--data-dir", dir, "--client-addr", "127.0.0.1:0", "--http-addr", ""}, flags...)
}

func startCommand(t *testing.T, cmd *exec.Cmd) (addr string, _ *os.Process) {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	wait, err := startMortal(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := wait(); err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	addr, found := strings.CutPrefix(strings.TrimSpace(line), "ready client=")
	if err != nil || !found {
		t.Fatalf("the server said %q, %v; want ready client=HOST:PORT", line, err)
	}
	return addr, cmd.Process
}

// startMortal starts a command that does not outlive this process, even one that is
// killed: the kernel kills it when the thread that has started it ends. So that thread is
// kept until the command was waited for.
func startMortal(cmd *exec.Cmd) (wait func() error, err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started, waited := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		started <- cmd.Start()
		<-waited
	}()
	if err := <-started; err != nil {
		close(waited)
		return nil, err
	}
	return func() error {
		defer close(waited)
		return cmd.Wait()
	}, nil
}

// startAdmin is startServer for a server with an HTTP port, whose address it returns as
// well.
func startAdmin(t *testing.T, dir string, flags ...string) (client, http string) {
	t.Helper()
	both, _ := startProcess(t, dir, append([]string{"--http-addr", "127.0.0.1:0"}, flags...)...)
	client, http, found := strings.Cut(both, " http=")
	if !found {
		t.Fatalf("the server said %q; want client=HOST:PORT http=HOST:PORT", both)
	}
	return client, http
}
