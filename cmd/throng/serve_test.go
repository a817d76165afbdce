package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// refusedServe runs throng serve, which must end with exit code 1, and returns
// what it wrote to stderr.
func refusedServe(t *testing.T, args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("throng", append([]string{
		"serve", "--client-addr", "127.0.0.1:0", "--http-addr", ""}, args...)...)
	cmd.Stderr = &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
		t.Errorf("serve %q: %v, want exit code %d", args, err, exitFailed)
	}
	return stderr.String()
}

// TestServeAlone: a second process on the same data directory, or on the same
// port, is refused and leaves the first alone.
func TestServeAlone(t *testing.T) {
	dir := t.TempDir()
	addr := startServer(t, dir)
	if said := refusedServe(t, "--data-dir", dir); !strings.Contains(said, "if another throng is running") {
		t.Errorf("the second process said: %s", said)
	}
	said := refusedServe(t, "--data-dir", t.TempDir(), "--client-addr", addr)
	if !strings.Contains(said, "address already in use") {
		t.Errorf("the second process said: %s", said)
	}
}

// TestServeKeepsShards: the number of shards is fixed with the data directory.
func TestServeKeepsShards(t *testing.T) {
	dir := t.TempDir()
	t.Run("make", func(t *testing.T) { startServer(t, dir, "--shards", "3") })
	t.Run("keep", func(t *testing.T) { startServer(t, dir) })
	if said := refusedServe(t, "--data-dir", dir, "--shards", "2"); !strings.Contains(said, "--shards") {
		t.Errorf("with another number it said: %s", said)
	}
}

// limited runs throng serve under a limit of open files until it is ready or
// ends, and returns what it wrote to stderr.
func limited(t *testing.T, files int, dir string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("sh", "-c", fmt.Sprintf("ulimit -n %d && exec throng serve "+
		"--client-addr 127.0.0.1:0 --http-addr '' --log-format text --data-dir \"$0\"", files), dir)
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready, _ := bufio.NewReader(stdout).ReadString('\n')
	if ready != "" {
		_ = cmd.Process.Signal(os.Interrupt)
	}
	if err := cmd.Wait(); (err == nil) != (ready != "") {
		t.Errorf("with %d files: %q and %v", files, ready, err)
	}
	return stderr.String()
}

// TestServeFiles: room for few connections is warned of, room for none refused.
func TestServeFiles(t *testing.T) {
	dir := t.TempDir()
	warning := "'ulimit -n 20000'"
	if said := limited(t, 5500, dir); !strings.Contains(said, warning) ||
		!strings.Contains(said, "made the server key") ||
		!strings.Contains(said, filepath.Join(dir, "server.key")) {
		t.Errorf("with room for few it said: %s", said)
	}
	said := limited(t, 7000, dir)
	if strings.Contains(said, warning) || strings.Contains(said, "server key") {
		t.Errorf("with room for many, and a key, it said: %s", said)
	}
	said = limited(t, 4000, dir)
	if !strings.Contains(said, "at most 4000 open files are allowed") ||
		!strings.Contains(said, warning) {
		t.Errorf("with room for none it said: %s", said)
	}
}
