package presences

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/readback"
	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/netio/client"
)

// workers is how many members do something at a time.
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
	// A server that runs already may know the room of an earlier run.
	name := fmt.Sprintf("presence-%08x", rand.Uint32())
	b := &bench{
		options: &o, report: report.New("presence"), name: name,
		key: string(grid.AppendKey(nil, grid.StreamRoom, name)),
	}
	if b.host, err = o.Server.Open(ctx); err != nil {
		return nil, err
	}
	defer b.host.End(ctx, &err)
	b.host.Describe(&b.report.Env)
	defer b.close()
	for _, step := range []func(context.Context) error{b.fill, b.churn, b.storm, b.leave} {
		if err := step(ctx); err != nil {
			return nil, err
		}
		if !b.report.OK { // what comes behind would wait in vain
			break
		}
	}
	return b.report, nil
}

// each does something for all members, some at a time.
func (b *bench) each(ctx context.Context, do func(*member) error) error {
	return load.Each(ctx, len(b.members), workers, func(i int) error { return do(b.members[i]) })
}

// fill lets all members log in, and then enter the room at once.
func (b *bench) fill(ctx context.Context) (err error) {
	b.watcher, err = b.host.Server.Dial(ctx, client.Options{
		Credential: client.Custom("presence-watcher"),
	})
	if err != nil {
		return err
	}
	if b.room, err = b.watcher.Join(ctx, b.name, client.JoinOptions{}); err != nil {
		return fmt.Errorf("enter the room: %w", err)
	}
	for i := range b.options.Members {
		b.members = append(b.members, &member{number: i})
	}
	err = b.each(ctx, func(m *member) error { return m.connect(ctx, b.host.Server.Addr) })
	if err != nil {
		return err
	}
	begin := time.Now()
	err = b.each(ctx, func(m *member) error {
		return m.talk(ctx, func(conn net.Conn) error { return load.Enter(conn, b.key, "") })
	})
	if err != nil {
		return err
	}
	took := time.Since(begin)
	for _, m := range b.members {
		m.listen()
	}
	b.report.Metric("filled", took.Seconds(), "s")
	fmt.Fprintf(b.options.Log, "%d members in %.3f s\n", len(b.members), took.Seconds())
	return b.present(ctx, "all are in the filled room", b.members)
}

// present waits until so many are in the room as should be, and notes whether they
// are these members and the watcher, and nobody else.
func (b *bench) present(ctx context.Context, check string, members []*member) error {
	want := []grid.SessionID{b.watcher.Session()}
	for _, m := range members {
		want = append(want, m.resume.Session)
	}
	slices.Sort(want)
	err := b.await(ctx, func() (bool, error) {
		n, err := b.room.Count(ctx)
		return n == len(want), err
	})
	if err != nil {
		return fmt.Errorf("count the room: %w", err)
	}
	got, err := readback.Sessions(ctx, b.room.Stream)
	if err != nil {
		return err
	}
	missing, ghosts := compare(want, got)
	b.report.Check(check, missing == 0 && ghosts == 0, "%d are, want %d: %d missing, %d ghosts",
		len(got), len(want), missing, ghosts)
	return nil
}

// await waits until something is so, but no longer than waitMax: then what is made
// of it shows that it is not.
func (b *bench) await(ctx context.Context, so func() (bool, error)) error {
	for end := time.Now().Add(waitMax); time.Now().Before(end); {
		if yes, err := so(); yes || err != nil {
			return err
		}
		process.Pause(ctx, 10*time.Millisecond)
	}
	return context.Cause(ctx)
}

// leave ends all members' sessions.
func (b *bench) leave(ctx context.Context) error {
	if err := b.each(ctx, func(m *member) error { return m.leave(ctx) }); err != nil {
		return err
	}
	return b.present(ctx, "only the watcher is left", nil)
}

func (b *bench) close() {
	for _, m := range b.members {
		m.drop()
	}
	if b.watcher != nil {
		b.watcher.Close()
	}
}
