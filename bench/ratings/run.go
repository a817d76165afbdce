package ratings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/bench/ssp"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/client"
)

// boardName names the board; with a server of somebody else it is made and deleted.
const boardName = "bench/fide-ratings"

// Run plays the file. The error says that the benchmark could not run; what did
// not hold is in the report.
func Run(ctx context.Context, o Options) (r *report.Report, err error) {
	source, dump, err := openFiles(&o)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	if dump != nil {
		defer func() { err = errors.Join(err, dump.Close()) }()
	}
	file, tokens, err := readFile(ctx, &o, source)
	if err != nil {
		return nil, process.Outcome(ctx, err)
	}
	asked, err := o.asked(file)
	if err != nil {
		return nil, err
	}
	m, err := newModel(file)
	if err != nil {
		return nil, err
	}
	host, err := o.Server.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer host.End(ctx, &err)

	p := &play{
		options: &o, model: m, host: host, dump: dump, report: report.New("ratings"),
	}
	host.Describe(&p.report.Env)
	defer p.closeClients()
	if err := p.connect(ctx); err != nil {
		return nil, err
	}
	if err := p.submit(ctx, asked); err != nil {
		return nil, err
	}
	p.sums(tokens)
	if err := p.verify(ctx); err != nil {
		return nil, err
	}
	return p.report, nil
}

// openFiles opens what is read and makes what is written at the end, nil when no
// dump is asked for: a run of minutes must not fail for a path that was mistyped.
func openFiles(o *Options) (source, dump *os.File, err error) {
	source, err = os.Open(o.File)
	if err != nil {
		return nil, nil, fmt.Errorf("open the rating file: %w", err)
	}
	if o.Dump == "" {
		return source, nil, nil
	}
	if dump, err = makeDump(o.Dump, source); err != nil {
		source.Close()
		return nil, nil, err
	}
	return source, dump, nil
}

func makeDump(path string, source *os.File) (*os.File, error) {
	from, err := source.Stat()
	if err != nil {
		return nil, fmt.Errorf("look at the rating file: %w", err)
	}
	if to, err := os.Stat(path); err == nil && os.SameFile(from, to) {
		return nil, fmt.Errorf("%s is the rating file: dump to another", path)
	}
	dump, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("make the file for the dump: %w", err)
	}
	return dump, nil
}

// until is a reader that ends with ctx.
type until struct {
	ctx context.Context
	io.Reader
}

func (u until) Read(b []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, context.Cause(u.ctx)
	}
	return u.Reader.Read(b)
}

// readFile reads the file twice: to play it, and to count it independently.
func readFile(ctx context.Context, o *Options, f *os.File) (*ssp.File, int, error) {
	fmt.Fprintf(o.Log, "reading %s\n", o.File)
	file, err := ssp.Read(until{ctx, f})
	if err != nil {
		return nil, 0, err
	}
	if _, err := f.Seek(0, 0); err != nil {
		return nil, 0, fmt.Errorf("read the rating file again: %w", err)
	}
	tokens, err := ssp.Tokens(until{ctx, f})
	if err != nil {
		return nil, 0, err
	}
	for _, x := range file.Refused {
		fmt.Fprintf(o.Log, "line %d: refused %q: %s\n", x.Line, x.Text, x.Why)
	}
	fmt.Fprintf(o.Log,
		"%d players, %d lists up to %v, %d ratings, %d gaps marked ?, %d pieces refused\n",
		len(file.Players), len(file.Lists()), file.Last, file.Ratings, file.Gaps, len(file.Refused))
	return file, tokens, nil
}

// play is a run under way.
type play struct {
	options *Options
	model   *model
	host    *process.Host
	dump    *os.File // for the final board; nil: none
	clients []*client.Client
	report  *report.Report
	sent    *submitter
}

func (p *play) connect(ctx context.Context) error {
	for range p.options.Conns {
		c, err := p.host.Server.Dial(ctx, client.Options{})
		if err != nil {
			return err
		}
		p.clients = append(p.clients, c)
	}
	old := leaderboard.DeleteRequest{Board: boardName}
	if _, err := p.clients[0].DeleteBoard(ctx, old); err != nil {
		return fmt.Errorf("delete the board of an earlier run: %w", err)
	}
	_, err := p.clients[0].CreateBoard(ctx, leaderboard.CreateRequest{
		Board: boardName, Sort: leaderboard.Descending, Operator: leaderboard.Set,
	})
	if err != nil {
		return fmt.Errorf("create the board: %w", err)
	}
	return nil
}

func (p *play) closeClients() {
	for _, c := range p.clients {
		c.Close()
	}
}

// submit plays all lists, restarts the server on the way if asked, and reads the
// top ten of the lists asked for.
func (p *play) submit(ctx context.Context, asked map[ssp.List]bool) error {
	file := p.model.file
	p.sent = &submitter{
		clients: p.clients, board: boardName, model: p.model,
		half: int64(file.Ratings / 2), halfway: make(chan struct{}),
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var killer sync.WaitGroup
	defer killer.Wait()
	defer cancel(nil)
	meter := process.NewMeter(p.host.Server.Process())
	var again restarted
	if p.options.Restart {
		killer.Go(func() { again = p.restart(ctx, cancel) })
	}
	begin := time.Now()
	for i, l := range file.Lists() {
		if err := p.sent.list(ctx, i, l); err != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		if i+1 == len(file.Lists()) || file.Lists()[i+1].Year != l.Year {
			n := p.sent.acked.Load()
			rate := float64(n) / time.Since(begin).Seconds()
			fmt.Fprintf(p.options.Log, "%v: %d ratings, %.0f/s\n", l, n, rate)
		}
		if asked[l] {
			if err := p.showTop(ctx, i, l); err != nil {
				return err
			}
		}
	}
	took, acked := time.Since(begin), p.sent.acked.Load()
	p.report.Metric("ratings submitted", float64(acked), "")
	p.report.Metric("submit time", took.Seconds(), "s")
	p.report.Metric("submit rate", float64(acked)/took.Seconds(), "1/s")
	p.report.Metric("client CPU", meter.OwnPerOp(acked), "µs/submit")
	killer.Wait()
	if p.options.Restart {
		p.noteRestart(again)
	}
	if cpu := meter.PerOp(acked); !math.IsNaN(cpu) { // one that was restarted has forgotten
		p.report.Metric("server CPU", cpu, "µs/submit")
	}
	return nil
}

// restart waits for half of the ratings, kills the server while submits are
// under way, and starts it again. A failure ends the run.
func (p *play) restart(ctx context.Context, fail context.CancelCauseFunc) (r restarted) {
	select {
	case <-p.sent.halfway:
	case <-ctx.Done():
		return restarted{}
	}
	p.host.Server.Kill()
	r.acked = p.sent.acked.Load()
	fmt.Fprintf(p.options.Log, "killed the server after %d ratings\n", r.acked)
	if err := p.host.Server.Start(ctx); err != nil {
		fail(fmt.Errorf("restart the server halfway: %w", err))
		return r
	}
	r.took = p.host.Server.Took
	fmt.Fprintf(p.options.Log, "the server serves again after %v\n", r.took.Round(time.Millisecond))
	return r
}

func (p *play) noteRestart(r restarted) {
	p.report.Check("restarted halfway", true,
		"SIGKILL after %d acknowledged ratings, with more in flight; serving again after %.2f s",
		r.acked, r.took.Seconds())
	p.report.Metric("restart", r.took.Seconds(), "s")
}

func (p *play) showTop(ctx context.Context, index int, l ssp.List) error {
	top, err := p.model.top(ctx, p.clients[0], boardName, index)
	if err != nil {
		return err
	}
	wrong := p.model.wrong(top, l)
	detail := p.model.describe(top)
	lines := strings.ReplaceAll(detail, "; ", "\n  ")
	fmt.Fprintf(p.options.Log, "top ten of %v:\n  %s\n", l, lines)
	if wrong != "" {
		detail = wrong + ": " + detail
	}
	p.report.Check(fmt.Sprintf("top ten of %v as in the file", l), wrong == "", "%s", detail)
	return nil
}
