package presences

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
)

const (
	// pushesMax is how many events of one room a member may be pushed in a second,
	// and pushesMore how many besides, at the beginning and the end.
	pushesMax  = 25
	pushesMore = 2
)

// churned is what came of letting some sessions enter and leave.
type churned struct {
	members int
	changes int64         // entered and left
	took    time.Duration // for these
	cpu     float64       // µs of the server's processor time for each; NaN: not known
	pushes  int64         // events pushed to all members together
	told    int64         // joins and leaves in these
	astray  int           // members that were told wrong, or not all
}

// churn lets some sessions enter and leave.
func (b *bench) churn(ctx context.Context) error {
	if err := b.hearAll(ctx); err != nil { // that the room was filled
		return err
	}
	fmt.Fprintf(b.options.Log, "%d sessions come and go for %g s\n", Churners, b.options.Seconds)
	c := churned{members: len(b.members)}
	before := b.sum()
	meter, begin := process.NewMeter(b.host.Server.Process()), time.Now()
	stop := begin.Add(load.Seconds(b.options.Seconds))
	changes := make([]int64, Churners)
	err := load.Each(ctx, Churners, Churners, func(i int) (err error) {
		changes[i], err = b.comeAndGo(ctx, len(b.members)+i, stop)
		return err
	})
	if err != nil {
		return err
	}
	c.took = time.Since(begin)
	for _, n := range changes {
		c.changes += n
	}
	c.cpu = meter.PerOp(c.changes)
	if err := b.present(ctx, "those who came and went have gone", b.members); err != nil {
		return err
	}
	if err := b.hearAll(ctx); err != nil {
		return err
	}
	after := b.sum()
	c.pushes, c.told, c.astray = after.pushes-before.pushes, after.moves-before.moves, b.astray()
	c.note(b.report)
	fmt.Fprintf(b.options.Log, "%d changes in %.1f s, %d pushes to each member\n", c.changes,
		c.took.Seconds(), c.pushes/int64(c.members))
	return nil
}

// note reports what came of it.
func (c *churned) note(r *report.Report) {
	pushes := float64(c.pushes) / float64(c.members)
	r.Metric("entering and leaving", float64(c.changes)/c.took.Seconds(), "1/s")
	r.Metric("server CPU for each", c.cpu, "µs")
	r.Metric("pushes to each member", pushes/c.took.Seconds(), "1/s")
	r.Metric("changes told in a push", float64(c.told)/float64(c.pushes), "")
	r.Check("changes are told together", pushes <= pushesMax*c.took.Seconds()+pushesMore,
		"%.0f pushes to each member for %d changes in %.1f s", pushes, c.changes, c.took.Seconds())
	r.Check("what members are told adds up", c.astray == 0 && c.changes > 0,
		"%d changes; %d of %d members were told wrong, or not of all", c.changes, c.astray,
		c.members)
}

// sum sums up what all members were told.
func (b *bench) sum() (all told) {
	for _, m := range b.members {
		t := m.account.sum()
		all.pushes += t.pushes
		all.moves += t.moves
		all.updates += t.updates
	}
	return all
}

// astray counts the members whom what they were told leads to another number than
// that of the members and the watcher.
func (b *bench) astray() (n int) {
	for _, m := range b.members {
		if t := m.account.sum(); t.wrong > 0 || t.here != len(b.members)+1 {
			n++
		}
	}
	return n
}

// hearAll waits until all members have heard how many are present.
func (b *bench) hearAll(ctx context.Context) error {
	return b.await(ctx, func() (bool, error) { return b.astray() == 0, nil })
}

// comeAndGo enters and leaves the room until a moment, and counts both.
func (b *bench) comeAndGo(ctx context.Context, number int, until time.Time) (n int64, err error) {
	m := member{number: number}
	if err := m.connect(ctx, b.host.Server.Addr); err != nil {
		return 0, err
	}
	defer m.drop()
	for ; time.Now().Before(until) && err == nil; n += 2 {
		err = m.talk(ctx, func(conn net.Conn) error {
			if err := load.Enter(conn, b.key, ""); err != nil {
				return err
			}
			return load.Leave(conn, b.key)
		})
	}
	return n, err
}
