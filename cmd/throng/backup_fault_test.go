package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/durable/backup"
)

// stoppedNode makes the data directory of a node that was started and stopped.
func stoppedNode(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	t.Run("served once", func(t *testing.T) { startServer(t, dir) })
	return dir
}

// TestABackupToAFullDisk fails, says why, and leaves nothing behind.
func TestABackupToAFullDisk(t *testing.T) {
	mount := mountSmall(t, "size=4k")
	file := filepath.Join(mount, "today.throng")
	said, err := exec.Command("throng", "backup", "--data-dir", stoppedNode(t), file).CombinedOutput()
	if err == nil || !strings.Contains(string(said), "no space left") {
		t.Errorf("a backup to a full disk: %v, %s", err, said)
	}
	if left, err := os.ReadDir(mount); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}

// TestAKilledRestore kills a restore at moments from its begin to beyond its end. What it leaves is
// nothing, or refused with what to do, or whole.
func TestAKilledRestore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "today.throng")
	taken := parts(t, "backup", "--data-dir", stoppedNode(t), file)
	began := time.Now()
	throng(t, "restore", "--data-dir", filepath.Join(dir, "whole"), file)
	took := time.Since(began)
	const rounds = 8
	refused := 0
	for i := range rounds {
		data := filepath.Join(dir, string(rune('a'+i)))
		cmd := exec.Command("throng", "restore", "--data-dir", data, file)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(took * time.Duration(i) * 3 / 2 / rounds) // the moment is what is tried
		_ = cmd.Process.Signal(syscall.SIGKILL)
		_ = cmd.Wait()
		left, _ := os.ReadDir(data)
		switch {
		case len(left) == 0:
		case backup.CheckFinished(vfs.Default, data) != nil:
			refused++
			if said := refusedServe(t, "--data-dir", data); !strings.Contains(said, "restore again") {
				t.Errorf("round %d: serve said %s", i, said)
			}
			if err := exec.Command("throng", "restore", "--data-dir", data, file).Run(); err == nil {
				t.Errorf("round %d: a restore over it was not refused", i)
			}
		default:
			throng(t, "backup", "--data-dir", data, data+".throng")
		}
	}
	t.Logf("%d of %d were refused; a restore takes %v; the backup is of %s", refused, rounds, took, taken)
}
