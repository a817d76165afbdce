package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

// A start that finds no space says what to do about it, and no other does.
func TestAStartWithoutSpaceSaysWhatToDo(t *testing.T) {
	full := fmt.Errorf("write the manifest: %w", syscall.ENOSPC)
	if err := withRoom(full); !errors.Is(err, syscall.ENOSPC) ||
		!strings.Contains(err.Error(), "free space on the disk") {
		t.Errorf("a full disk: %v", err)
	}
	other := errors.New("the disk is broken")
	if err := withRoom(other); err != other {
		t.Errorf("another error: %v", err)
	}
}

// TestAStopOnAFullDisk: a server that is told to stop while what it writes waits for space
// ends well, and what it had acknowledged is there when it starts again with space.
func TestAStopOnAFullDisk(t *testing.T) {
	mount := mountSmall(t, "size=64m")
	data, room := filepath.Join(mount, "data"), []string{"--disk-free-min", "1MiB", "--ballast-bytes", "1MiB"}
	submit := leaderboard.SubmitRequest{Board: "full", Owner: grid.ID{1}, Score: 1}
	acked := int64(0)
	t.Run("stopped", func(t *testing.T) {
		addr, http := startAdmin(t, data, room...) // and ended well, says its cleanup
		c := dialServer(t, addr, data)
		create := leaderboard.CreateRequest{Board: "full", Operator: leaderboard.Incr}
		if _, err := c.CreateBoard(t.Context(), create); err != nil {
			t.Fatal(err)
		}
		for scrape(t, http).values["throng_disk_full"] == 0 {
			fillUp(t, filepath.Join(mount, "filler"))
			briefly(t, func(ctx context.Context) {
				if _, err := c.Submit(ctx, submit); err == nil {
					acked++
				}
			})
			briefly(t, func(ctx context.Context) { // a session is taken until nothing is
				guest, err := client.Dial(ctx, addr, client.Options{Credential: client.Custom("one-guest")})
				if err == nil {
					_ = guest.Close()
				}
			})
		}
	})
	if err := os.Remove(filepath.Join(mount, "filler")); err != nil {
		t.Fatal(err)
	}
	c := dialServer(t, startServer(t, data, room...), data)
	page, err := c.Owners(t.Context(), leaderboard.OwnersRequest{Board: "full", Owners: []grid.ID{{1}}})
	if err != nil || acked > 0 && (len(page.Records) != 1 || page.Records[0].Score < acked) {
		t.Errorf("after a start: %+v, %v; %d submits were acknowledged", page.Records, err, acked)
	}
	for _, err := c.Submit(t.Context(), submit); err != nil; _, err = c.Submit(t.Context(), submit) {
		if fault.Of(err).Code != fault.ResourceExhausted { // until the ballast is there again
			t.Fatal(err)
		}
	}
}

// mountSmall mounts a disk in memory until the test ends.
func mountSmall(t *testing.T, size string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, size); err != nil {
		if os.Getenv("CI") == "" {
			t.Skipf("only root may mount: %v", err) // where changes are accepted it runs
		}
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// briefly does what may have to be given up.
func briefly(t *testing.T, f func(context.Context)) {
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	f(ctx)
}

// fillUp takes what space a disk has left, by making a file larger.
func fillUp(t *testing.T, file string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 1<<20); len(block) >= 1<<12; {
		if n, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2]
		} else if err != nil {
			t.Fatal(n, err)
		}
	}
}
