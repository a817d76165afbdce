package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

var largeRecords = flag.Int("records", 0,
	"how many records the node of TestABackupOfALargeNode has, and a tenth as many messages; 0: skip it")

const (
	largeBoards = 10
	largeRooms  = 10
	largePhase  = 10 * time.Second // without a backup
)

// TestABackupOfALargeNode measures what a backup costs a node that has much: its memory, and
// how long who behaves waits. It says both, without and with a backup in the same run, and
// fails only when the backup does or the memory doubles.
func TestABackupOfALargeNode(t *testing.T) {
	if *largeRecords == 0 {
		t.Skip("it takes minutes: go test ./cmd/throng -run LargeNode -v -records 1000000")
	}
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	both, server := startProcess(t, data, "--http-addr", "127.0.0.1:0",
		"--session-requests-per-second=0", "--user-requests-per-second=0")
	addr, http, _ := strings.Cut(both, " http=")
	fillLarge(t, dialServer(t, addr, data), *largeRecords)
	largest := int64(0)
	for round := range 2 {
		before := measureLarge(t, dialServer(t, addr, data), server.Pid, func() { time.Sleep(largePhase) })
		t.Logf("round %d, without: %v", round, before)
		file := filepath.Join(dir, fmt.Sprint("backup-", round))
		during := measureLarge(t, dialServer(t, addr, data), server.Pid, func() {
			throng(t, "backup", "--http", http, "--verify=false",
				"--admin-token-file", filepath.Join(data, adminSecret.base), file)
		})
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("round %d, backup: %v; %d MB", round, during, info.Size()>>20)
		t.Logf("round %d: p50 %.2f ×, p99 %.2f ×, memory %.2f ×", round, ratio(during.at(50), before.at(50)),
			ratio(during.at(99), before.at(99)), ratio(during.resident, before.resident))
		if largest = max(largest, during.resident); during.resident > 2*before.resident {
			t.Errorf("a backup takes the memory from %d to %d MB", before.resident>>20, during.resident>>20)
		}
	}
}

func ratio[N int64 | time.Duration](a, b N) float64 { return float64(a) / float64(b) }

// fillLarge gives a node many records and messages.
func fillLarge(t *testing.T, c *client.Client, records int) {
	t.Helper()
	each := records / largeBoards
	var all sync.WaitGroup
	for b := range largeBoards {
		all.Go(func() {
			name := fmt.Sprint("large/", b)
			if _, err := c.CreateBoard(t.Context(), leaderboard.CreateRequest{Board: name}); err != nil {
				t.Error(err)
				return
			}
			for at := 0; at < each; at += 1000 {
				batch := c.Batch()
				for i := at; i < min(at+1000, each); i++ {
					batch.Submit(leaderboard.SubmitRequest{Board: name, Score: int64(i * 7919 % each),
						Owner: grid.UserID("test", fmt.Sprint(b, "/", i))})
				}
				if err := batch.Do(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for r := range largeRooms {
		key := string(grid.AppendKey(nil, grid.StreamRoom, fmt.Sprint("large/", r)))
		for range 4 {
			all.Go(func() {
				for i := range records / 10 / largeRooms / 4 {
					text := fmt.Sprintf("message %d of a room that has many of them", i)
					if _, err := c.Say(t.Context(), chat.SendRequest{Key: key, Content: text}); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// cost is what a phase cost a node and those who use it.
type cost struct {
	took     []time.Duration // requests, the shortest first
	resident int64           // bytes, at the most
	lasted   time.Duration
}

func (c *cost) at(percent int) time.Duration { return c.took[(len(c.took)-1)*percent/100] }

func (c *cost) String() string {
	return fmt.Sprintf("%d requests in %v: p50 %v, p99 %v, longest %v; %d MB resident",
		len(c.took), c.lasted.Round(time.Millisecond), c.at(50), c.at(99), c.took[len(c.took)-1], c.resident>>20)
}

// measureLarge lets somebody submit and look, one request at a time, for as long as phase
// takes.
func measureLarge(t *testing.T, c *client.Client, pid int, phase func()) *cost {
	t.Helper()
	var over atomic.Bool
	out, ended := &cost{}, make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; !over.Load(); i++ {
			began := time.Now()
			if err := behaveLarge(t.Context(), c, i); err != nil {
				t.Error(err)
				return
			}
			out.took = append(out.took, time.Since(began))
			if i%64 == 0 {
				out.resident = max(out.resident, residentBytes(t, pid))
			}
		}
	}()
	began := time.Now()
	phase()
	out.lasted = time.Since(began)
	over.Store(true)
	<-ended
	slices.Sort(out.took)
	return out
}

func behaveLarge(ctx context.Context, c *client.Client, i int) error {
	name, owner := fmt.Sprint("large/", i%largeBoards), grid.UserID("test", fmt.Sprint(i%largeBoards, "/", i%1000))
	if i%2 == 0 {
		_, err := c.Submit(ctx, leaderboard.SubmitRequest{Board: name, Owner: owner, Score: int64(i)})
		return err
	}
	_, err := c.Around(ctx, leaderboard.AroundRequest{Board: name, Owner: owner, Limit: 10})
	return err
}
