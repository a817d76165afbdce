package crash

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/readback"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

const (
	probeBoard = "crash/probe"
	// probeWait is how long a probe waits for its answer, and readWait how long a
	// read may take: long, because the machine may be busy.
	probeWait = 300 * time.Millisecond
	readWait  = 5 * time.Second
)

// prober asks a server again and again, and sees what others, who ask until it is
// done, do not: what is refused, and whether reads are served meanwhile.
type prober struct {
	client *client.Client
	owner  grid.ID

	sent    atomic.Int64 // the score of the last write; scores rise
	acked   atomic.Int64 // the highest that was acknowledged
	refused atomic.Int64 // writes refused with RESOURCE_EXHAUSTED, naming the key to set
	unheard atomic.Int64 // writes that got no answer in time
	reads   atomic.Int64 // that were answered

	mu struct {
		sync.Mutex
		odd []string // answers that should not be
	}
}

func (p *prober) create(ctx context.Context) error {
	_, err := p.client.CreateBoard(ctx, leaderboard.CreateRequest{
		Board: probeBoard, Operator: leaderboard.Best,
	})
	if err != nil {
		return fmt.Errorf("create a board: %w", err)
	}
	return nil
}

// run probes until ctx ends.
func (p *prober) run(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() { p.write(ctx) })
	both.Go(func() { p.read(ctx) })
	both.Wait()
}

func (p *prober) write(ctx context.Context) {
	for ; ctx.Err() == nil; process.Pause(ctx, 5*time.Millisecond) {
		n := p.sent.Add(1)
		short, cancel := context.WithTimeout(ctx, probeWait)
		_, err := p.client.Submit(short, leaderboard.SubmitRequest{
			Board: probeBoard, Owner: p.owner, Score: n, Subscore: subscore(n),
		})
		cancel()
		switch said := fmt.Sprint(err); {
		case err == nil:
			p.acked.Store(n)
		case strings.Contains(said, "RESOURCE_EXHAUSTED") &&
			strings.Contains(said, "disk_free_min"):
			p.refused.Add(1) // the client would have asked again until its context ended
		case fault.CodeOf(err) == fault.DeadlineExceeded:
			p.unheard.Add(1)
		case ctx.Err() == nil:
			p.strange("a write: %v", err)
		}
	}
}

func (p *prober) read(ctx context.Context) {
	for ; ctx.Err() == nil; process.Pause(ctx, 5*time.Millisecond) {
		long, cancel := context.WithTimeout(ctx, readWait)
		_, err := p.client.BoardInfo(long, leaderboard.InfoRequest{Board: probeBoard})
		cancel()
		if err == nil {
			p.reads.Add(1)
		} else if ctx.Err() == nil {
			p.strange("a read: %v", err)
		}
	}
}

func (p *prober) strange(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.mu.odd) < examplesMax {
		p.mu.odd = append(p.mu.odd, fmt.Sprintf(format, args...))
	}
}

// took returns what was strange since it was last asked.
func (p *prober) took() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	odd := p.mu.odd
	p.mu.odd = nil
	return odd
}

// verify looks whether what was acknowledged is there.
func (p *prober) verify(ctx context.Context, f *faults) error {
	records, err := readback.Board(ctx, p.client, probeBoard)
	if err != nil {
		return err
	}
	score := int64(0)
	if len(records) > 0 {
		score = records[0].Score
	}
	if acked := p.acked.Load(); len(records) > 1 || score < acked || score > p.sent.Load() {
		f.lost++
		f.example("%s: %d records, the first with %d; %d was acknowledged, %d sent",
			probeBoard, len(records), score, acked, p.sent.Load())
	}
	return nil
}
