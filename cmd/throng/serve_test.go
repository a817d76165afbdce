package main

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// refusedServe runs throng serve, which must end with exit code 1, and returns
// what it wrote to stderr.
func refusedServe(t *testing.T, args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("throng", append([]string{"serve", "--client-addr", "127.0.0.1:0"}, args...)...)
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
	if said := refusedServe(t, "--data-dir", dir); !strings.Contains(said, "lock the data directory") {
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
