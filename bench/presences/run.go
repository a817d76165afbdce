package presences

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/client"
)

// workers is how many connections are made at a time.
const workers = 64

// bench is a run under way.
type bench struct {
	options *Options
	report  *report.Report
	host    *process.Host
	name    string // of the room
	key     string
	members []*member
	watcher *client.Client
	room    *client.Room // the watcher's, who is in the room too
}

// Run measures. The error says that the benchmark could not run, or that an
// answer was wrong.
func Run(ctx context.Context, o Options) (r *report.Report, err error) {
	if err := o.defaults(); err != nil {
		return nil, err
	}
	// A server that runs already may know the room of an earlier run.
	name := fmt.Sprintf("presence-%08x", rand.Uint32())
	b := &bench{
		options: &o, report: report.New("presence", report.ReadEnv(o.flags())), name: name,
		key: string(grid.AppendKey(nil, grid.StreamRoom, name)),
	}
	if b.host, err = o.Server.Open(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.host.Close(ctx)) }()
	b.host.Describe(&b.report.Env)
	defer b.close()
	for _, step := range []func(context.Context) error{b.fill, b.churn, b.storm, b.leave} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return b.report, nil
}

// each does something for all members, some at a time.
func (b *bench) each(do func(*member) error) error {
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(b.members) && errs[w] == nil; i += workers {
				errs[w] = do(b.members[i])
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// fill lets all members log in, and then enter the room at once.
func (b *bench) fill(ctx context.Context) (err error) {
	b.watcher, err = client.Dial(ctx, b.host.Server.Addr, client.Options{
		Credential: client.Custom("presence-watcher"), Agent: "throng-bench",
	})
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	if b.room, err = b.watcher.Join(ctx, b.name, client.JoinOptions{}); err != nil {
		return fmt.Errorf("enter the room: %w", err)
	}
	for i := range b.options.Members {
		b.members = append(b.members, &member{number: i})
	}
	err = b.each(func(m *member) error { return m.connect(ctx, b.host.Server.Addr) })
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := b.each(func(m *member) error { return load.Enter(m.conn, b.key) }); err != nil {
		return err
	}
	took := time.Since(begin)
	for _, m := range b.members {
		m.listen()
	}
	b.report.Metric("filled", took.Seconds(), "s")
	fmt.Fprintf(b.options.Log, "%d members in %.3f s\n", len(b.members), took.Seconds())
	return b.count(ctx, "all are in the filled room", len(b.members)+1)
}

// count waits until so many are in the room, and notes whether they come to be.
func (b *bench) count(ctx context.Context, check string, want int) error {
	got := 0
	for end := time.Now().Add(waitMax); time.Now().Before(end); {
		var err error
		if got, err = b.room.Count(ctx); err != nil {
			return fmt.Errorf("count the room: %w", err)
		}
		if got == want {
			break
		}
		process.Pause(ctx, 10*time.Millisecond)
	}
	b.report.Check(check, got == want, "%d are, want %d", got, want)
	return ctx.Err()
}

// pushed sums what the members were pushed.
func (b *bench) pushed() (pushes, told int64) {
	for _, m := range b.members {
		pushes += m.pushes.Load()
		told += m.told.Load()
	}
	return pushes, told
}

// churn lets some sessions enter and leave.
func (b *bench) churn(ctx context.Context) error {
	process.Pause(ctx, time.Second) // the events of the fill have gone out
	stop := time.Now().Add(time.Duration(b.options.Seconds * float64(time.Second)))
	before, toldBefore := b.pushed()
	meter, begin := b.host.Meter(), time.Now()
	changes := make([]int, churners)
	errs := make([]error, churners)
	var wg sync.WaitGroup
	for i := range churners {
		wg.Go(func() { changes[i], errs[i] = b.comeAndGo(ctx, len(b.members)+i, stop) })
	}
	wg.Wait()
	took := time.Since(begin)
	if err := errors.Join(errs...); err != nil {
		return err
	}
	cpu, _ := meter.CPU() // 0 with a server that runs already
	process.Pause(ctx, time.Second)
	after, toldAfter := b.pushed()
	n := 0
	for _, c := range changes {
		n += c
	}
	members := float64(len(b.members))
	pushes := float64(after-before) / members
	r := b.report
	r.Metric("entering and leaving", float64(n)/took.Seconds(), "1/s")
	r.Metric("server CPU for each", cpu.Seconds()*1e6/float64(max(1, n)), "µs")
	r.Metric("pushes to each member", pushes/took.Seconds(), "1/s")
	told := float64(toldAfter-toldBefore) / float64(max(1, after-before))
	r.Metric("changes told in a push", told, "")
	r.Check("changes are told together", pushes <= eventsMax*took.Seconds(),
		"%.0f pushes to each member for %d changes in %.1f s", pushes, n, took.Seconds())
	fmt.Fprintf(b.options.Log, "%d changes in %.1f s, %.0f pushes to each member\n", n,
		took.Seconds(), pushes)
	return nil
}

// eventsMax is how many events of one room a member may be pushed in a second.
const eventsMax = 25

// comeAndGo enters and leaves the room until a moment, and counts both.
func (b *bench) comeAndGo(ctx context.Context, number int, until time.Time) (n int, err error) {
	m := member{number: number}
	if err := m.connect(ctx, b.host.Server.Addr); err != nil {
		return 0, err
	}
	defer m.drop()
	m.conn.SetDeadline(until.Add(waitMax))
	u := session.UntrackRequest{Key: b.key}
	for ; time.Now().Before(until) && ctx.Err() == nil; n += 2 {
		if err := load.Enter(m.conn, b.key); err != nil {
			return n, err
		}
		if err := load.Write(m.conn, session.KindUntrack, 1, u.Fields(), u.Append); err != nil {
			return n, err
		}
	}
	return n, nil
}

// storm cuts all connections at once and lets all resume.
func (b *bench) storm(ctx context.Context) error {
	if err := b.count(ctx, "those who came and went have gone", len(b.members)+1); err != nil {
		return err
	}
	for _, m := range b.members {
		m.drop()
	}
	before, _ := b.pushed()
	begin := time.Now()
	err := b.each(func(m *member) error {
		if err := m.connect(ctx, b.host.Server.Addr); err != nil {
			return err
		}
		m.listen()
		return nil
	})
	if err != nil {
		return err
	}
	took := time.Since(begin)
	process.Pause(ctx, time.Second)
	after, _ := b.pushed()
	b.report.Metric("all resumed", took.Seconds(), "s")
	b.report.Check("nobody left and came back for the others", after == before,
		"%d pushes while all resumed", after-before)
	fmt.Fprintf(b.options.Log, "%d sessions resumed in %.3f s\n", len(b.members), took.Seconds())
	return b.count(ctx, "all are there after the storm", len(b.members)+1)
}

// leave ends all members' sessions.
func (b *bench) leave(ctx context.Context) error {
	err := b.each(func(m *member) error {
		m.conn.SetReadDeadline(time.Now()) // ends the listener; the server says goodbye anyway
		<-m.ended
		m.ended = nil
		m.conn.SetDeadline(time.Now().Add(waitMax))
		var r session.EndRequest
		return load.Ask(m.conn, session.KindEnd, 1, r.Fields(), r.Append)
	})
	if err != nil {
		return err
	}
	return b.count(ctx, "only the watcher is left", 1)
}

func (b *bench) close() {
	for _, m := range b.members {
		m.drop()
	}
	if b.watcher != nil {
		b.watcher.Close()
	}
}
