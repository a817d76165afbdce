package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

// A server that is filled until its memory_limit refuses, stays up, stays small,
// serves reads, refuses who is new, and takes writes again once boards are deleted.
func TestMemoryLimitRefusesBeforeTheServerDies(t *testing.T) {
	t.Parallel()
	const limit = 64 << 20
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dir := t.TempDir()
	addr, server := startProcess(t, dir, "--memory-limit", fmt.Sprint(limit))
	throng, err := process.Running(addr, filepath.Join(dir, "server.key"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := throng.Dial(ctx, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()

	boards := fillMemory(ctx, t, c)
	if boards < 4 {
		t.Errorf("refused after %d boards", boards)
	}
	if rss := residentBytes(t, server.Pid); rss > rssFactor*limit {
		t.Errorf("%d MiB are resident, with a limit of %d MiB", rss>>20, limit>>20)
	}
	info, err := c.BoardInfo(ctx, leaderboard.InfoRequest{Board: boardName(0)})
	if err != nil || info.Records != recordsEach {
		t.Errorf("a read gives %+v, %v", info, err)
	}
	short, end := context.WithTimeout(ctx, 300*time.Millisecond)
	late, err := throng.Dial(short, client.Options{Credential: client.Custom("late-comer")})
	end()
	if err == nil {
		late.Close()
	}
	if !strings.Contains(fmt.Sprint(err), "memory_limit") {
		t.Errorf("who is new: %v", err)
	}
	for i := range boards {
		if _, err := c.DeleteBoard(ctx, leaderboard.DeleteRequest{Board: boardName(i)}); err != nil {
			t.Fatal(err)
		}
	}
	// The client asks again until it is taken.
	if err := fillBoard(ctx, c, boards); err != nil {
		t.Errorf("after the boards were deleted: %v", err)
	}
}

const (
	recordsEach = 1000
	// rssFactor is what may be resident for each byte of memory_limit: the program and
	// what the storage engine has beside it count for much of a limit this small, and
	// what the race detector keeps of every word for more.
	rssFactor = 6
)

func boardName(i int) string { return fmt.Sprintf("full/%d", i) }

// fillMemory fills boards until the server refuses, and returns how many there are.
func fillMemory(ctx context.Context, t *testing.T, c *client.Client) (boards int) {
	t.Helper()
	for ; ctx.Err() == nil; boards++ {
		short, cancel := context.WithTimeout(ctx, 2*time.Second)
		err := fillBoard(short, c, boards)
		cancel()
		if err == nil {
			continue
		}
		if !strings.Contains(err.Error(), "RESOURCE_EXHAUSTED") ||
			!strings.Contains(err.Error(), "memory_limit") {
			t.Fatalf("board %d: %v", boards, err)
		}
		return boards + 1
	}
	t.Fatal("never refused")
	return 0
}

// fillBoard creates a board and fills it with records of large metadata.
func fillBoard(ctx context.Context, c *client.Client, number int) error {
	name := boardName(number)
	_, err := c.CreateBoard(ctx, leaderboard.CreateRequest{Board: name})
	if err != nil && fault.CodeOf(err) != fault.AlreadyExists {
		return err
	}
	b := c.Batch()
	note := strings.Repeat("x", leaderboard.RecordMetadataBytesMax)
	for i := range recordsEach {
		b.Submit(leaderboard.SubmitRequest{Board: name, Score: int64(i), Metadata: note,
			Owner: grid.UserID("test", fmt.Sprint(i))})
	}
	return b.Do(ctx)
}

// residentBytes is how much memory a process has.
func residentBytes(t *testing.T, pid int) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * int64(os.Getpagesize())
}
