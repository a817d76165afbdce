package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// garbageShare is how much of what is in use, in percent, may become garbage
	// before it is collected: boards are large and hold next to no pointers, so
	// collecting is cheap and memory is what a node runs out of first.
	garbageShare = 25
	// garbageMin is how many bytes may do so in any case: a small node would
	// otherwise collect all the time.
	garbageMin = 16 << 20
	// garbageShareMax bounds what garbageMin makes of an empty node.
	garbageShareMax = 400
	collectEvery    = time.Second
)

// collectEarly sets the pace of the garbage collector, and again whenever what is
// in use has changed, until ctx is done. GOGC in the environment wins.
func collectEarly(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	share := garbageShare
	debug.SetGCPercent(share)
	go func() {
		ticker := time.NewTicker(collectEvery)
		defer ticker.Stop()
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		for {
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
			metrics.Read(live)
			next := shareOf(live[0].Value.Uint64())
			if next*10 > share*11 || next*11 < share*10 { // else it is not worth stopping for
				share = next
				debug.SetGCPercent(share)
			}
		}
	}()
}

// shareOf returns the share of so many bytes in use that may become garbage.
func shareOf(live uint64) int {
	share := garbageMin * 100 / max(1, live)
	return int(min(max(share, garbageShare), garbageShareMax))
}
