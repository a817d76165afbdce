package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/thronggrid/throng/durable/backup"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

// throng runs a command, which must end well, and returns what it wrote to stdout.
func throng(t *testing.T, args ...string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command("throng", args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("throng %q: %v: %s", args, err, stderr.String())
	}
	return stdout.Bytes()
}

// parts runs a command that prints the parts of a backup, and returns them.
func parts(t *testing.T, args ...string) string {
	t.Helper()
	var said backupJSON
	if err := json.Unmarshal(throng(t, append(args, "-o", "json")...), &said); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(said.Parts)
}

// digests returns the digests of parts, without the points of the log.
func digests(t *testing.T, parts string) string {
	t.Helper()
	found := regexp.MustCompile(`[0-9a-f]{16,}`).FindAllString(parts, -1)
	if len(found) == 0 {
		t.Fatalf("no digest in %s", parts)
	}
	return fmt.Sprint(found)
}

const (
	backupBoard = "race"
	backupRoom  = "lobby"
)

// load writes to a board and to a room, and counts what was sent and what acknowledged.
type load struct{ sent, acked [2]atomic.Int64 }

func (l *load) count(i int, write func() error) error {
	l.sent[i].Add(1)
	err := write()
	if err == nil {
		l.acked[i].Add(1)
	}
	return err
}

func dialServer(t *testing.T, addr, dir string) *client.Client {
	t.Helper()
	key, err := serverSecret.read(filepath.Join(dir, serverSecret.base))
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.Dial(t.Context(), addr, client.Options{Credential: client.ServerKey(key)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestBackup: of a node under load, to a file, and from there to another node, which has
// what was acknowledged before and a first part of what came then.
func TestBackup(t *testing.T) {
	dir := t.TempDir()
	data, other, file := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "file")
	var low, high [2]int64
	var taken string
	t.Run("under load", func(t *testing.T) {
		addr, http := startAdmin(t, data)
		taken, low, high = backUpUnderLoad(t, dialServer(t, addr, data), http, data, file)
	})
	if got := parts(t, "backup", "verify", file); got != taken {
		t.Errorf("the file has %s, the node said %s", got, taken)
	}
	if got := parts(t, "restore", "--data-dir", other, file); got != taken {
		t.Errorf("restored were %s, want %s", got, taken)
	}
	t.Run("restored", func(t *testing.T) {
		addr := startServer(t, other)
		c := dialServer(t, addr, other) // by the key that was in the backup
		board, err := c.Owners(t.Context(), leaderboard.OwnersRequest{Board: backupBoard, Owners: []grid.ID{{1}}})
		if err != nil || len(board.Records) != 1 {
			t.Fatalf("the board has %v, %v", board.Records, err)
		}
		r, err := c.Join(t.Context(), backupRoom, client.JoinOptions{})
		if err != nil {
			t.Fatal(err)
		}
		page, err := r.History(t.Context(), 0, 1, true)
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range []int64{board.Records[0].Score, int64(page.Last)} {
			if got < low[i] || got > high[i] {
				t.Errorf("%d writes are there; %d were acknowledged before, %d sent in all", got, low[i], high[i])
			}
		}
	})
	stopped := parts(t, "backup", "--data-dir", other, file+"2")
	if again := parts(t, "backup", "--data-dir", other, file+"3"); digests(t, again) != digests(t, stopped) {
		t.Errorf("a node at rest had %s, and then %s", stopped, again)
	}
	if got := parts(t, "restore", "--data-dir", filepath.Join(dir, "c"), file+"2"); got != stopped {
		t.Errorf("restored were %s, the node at rest had %s", got, stopped)
	}
	if err := exec.Command("throng", "restore", "--data-dir", other, file).Run(); err == nil {
		t.Error("a restore over a data directory was not refused")
	}
	if err := os.WriteFile(filepath.Join(other, backup.Unfinished), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if said := refusedServe(t, "--data-dir", other); !strings.Contains(said, "restore again") {
		t.Errorf("on what an unfinished restore left it said: %s", said)
	}
}

func backUpUnderLoad(
	t *testing.T, c *client.Client, http, data, file string,
) (taken string, low, high [2]int64) {
	ctx, stop := context.WithCancel(t.Context())
	create := leaderboard.CreateRequest{Board: backupBoard, Operator: leaderboard.Incr}
	if _, err := c.CreateBoard(ctx, create); err != nil {
		t.Fatal(err)
	}
	var l load
	var all sync.WaitGroup
	warm := make(chan struct{}, 2)
	for i, write := range [](func() error){func() error {
		_, err := c.Submit(ctx, leaderboard.SubmitRequest{Board: backupBoard, Owner: grid.ID{1}, Score: 1})
		return err
	}, func() error {
		key := string(grid.AppendKey(nil, grid.StreamRoom, backupRoom))
		_, err := c.Say(ctx, chat.SendRequest{Key: key, Content: "hello"})
		return err
	}} {
		all.Go(func() {
			for n := 0; l.count(i, write) == nil; n++ {
				if n == 200 {
					warm <- struct{}{}
				}
			}
		})
	}
	<-warm
	<-warm
	for i := range low {
		low[i] = l.acked[i].Load()
	}
	taken = parts(t, "backup", "--http", http, "--admin-token-file", filepath.Join(data, adminSecret.base),
		"--with-keys", file)
	for i := range high {
		high[i] = l.sent[i].Load()
	}
	stop()
	all.Wait()
	return taken, low, high
}
