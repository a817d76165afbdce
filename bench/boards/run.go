package boards

import (
	"context"
	"fmt"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
)

// settle is how long the empty server is left alone before it is measured.
const settle = time.Second

// bench is a run under way.
type bench struct {
	options             *Options
	report              *report.Report
	host                *process.Host
	names               []string // of the one board
	emptyRSS, emptyHeap int64    // of the server before the board, bytes
}

// Run measures. The error says that the benchmark could not run, or that an
// answer was wrong.
func Run(ctx context.Context, o Options) (r *report.Report, err error) {
	o.Server.Heap = true
	b := &bench{options: &o, report: report.New("boards"), names: load.Boards(1)}
	if b.host, err = o.Server.Open(ctx); err != nil {
		return nil, err
	}
	defer b.host.End(ctx, &err)
	b.host.Describe(&b.report.Env)
	for _, step := range []func(context.Context) error{b.empty, b.fill, b.update, b.restarts} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	b.report.Check("every answer was right", true, "the load checks each and ends at the first "+
		"that is not")
	return b.report, nil
}

// empty measures the server before it holds anything.
func (b *bench) empty(ctx context.Context) error {
	process.Pause(ctx, settle)
	m, err := b.host.Server.Process().Memory()
	if err != nil {
		return err
	}
	b.emptyRSS = m.RSS
	b.emptyHeap, _ = b.host.Server.LiveHeap() // none: too small for a collection
	b.report.Metric("RSS, empty", float64(m.RSS)/(1<<20), "MiB")
	return nil
}

// fill makes the board and puts all members on it.
func (b *bench) fill(ctx context.Context) error {
	if err := b.host.Server.CreateBoards(ctx, b.names...); err != nil {
		return err
	}
	rate, err := load.Preload(ctx, b.host.Server.Addr,
		load.Throng(b.host.Server.Key, b.names, b.options.Members), 1, b.options.Members)
	if err != nil {
		return fmt.Errorf("fill the board: %w", err)
	}
	n, err := b.host.Server.Records(ctx, b.names[0])
	if err != nil {
		return err
	}
	b.report.Check("the board is filled", n == b.options.Members,
		"%d records, want %d", n, b.options.Members)
	fmt.Fprintf(b.options.Log, "board of %d records filled at %.0f/s\n", n, rate)
	return nil
}
