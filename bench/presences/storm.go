package presences

import (
	"context"
	"fmt"
	"time"

	"github.com/thronggrid/throng/bench/report"
)

// storm cuts all connections at once and lets all resume.
func (b *bench) storm(ctx context.Context) error {
	before := b.sum()
	for _, m := range b.members {
		m.drop()
	}
	begin := time.Now()
	err := b.each(ctx, func(m *member) error {
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
	b.report.Metric("all resumed", took.Seconds(), "s")
	fmt.Fprintf(b.options.Log, "%d sessions resumed in %.3f s\n", len(b.members), took.Seconds())
	if err := b.room.SetStatus(ctx, marker); err != nil {
		return fmt.Errorf("set a status: %w", err)
	}
	err = b.await(ctx, func() (bool, error) { return b.marked() == len(b.members), nil })
	if err != nil {
		return err
	}
	after := b.sum()
	noteStorm(b.report, len(b.members), b.marked(),
		after.moves-before.moves+after.updates-before.updates)
	return b.present(ctx, "all are there after the storm", b.members)
}

// marked counts the members that have heard of the marker.
func (b *bench) marked() (n int) {
	for _, m := range b.members {
		if m.account.sum().marked {
			n++
		}
	}
	return n
}

// noteStorm checks that members were told of the marker, and of no other change: who
// leaves and comes back quickly is told as an update.
func noteStorm(r *report.Report, members, marked int, changes int64) {
	r.Check("nobody left and came back for the others",
		marked == members && changes == int64(members),
		"%d of %d members were told of what came behind, and all together of %d changes more",
		marked, members, changes-int64(marked))
}
