package nemesis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/readback"
	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/grid/fault"
)

const (
	// warm is how long a round works before a fault, and calm how long after it.
	warm = 500 * time.Millisecond
	calm = 300 * time.Millisecond
	// wholeIn is how long the cluster may take, once a fault has ended, until every board
	// and room takes writes again.
	wholeIn = 30 * time.Second
	// apart is the least time from one wiped node to the next: the cluster must have made
	// up for the first one's replicas by then.
	apart = deadAfter + 30*time.Second
)

// bench is a run under way.
type bench struct {
	options *Options
	report  *report.Report
	random  *rand.Rand
	world   *world
	crowd   *crowd
	watch   *watch
	tally   *tally
	begin   time.Time
	deck    deck

	rounds  []*round
	faults  []report.Fault
	fewest  int64 // writes acknowledged in a window
	found   verdict
	ghosts  []string // what is wrong with who is present
	stalled []string
	ended   []string
}

// Run troubles a cluster. The error says that the benchmark could not run; what did not
// hold is in the report.
func Run(ctx context.Context, o Options) (r *report.Report, err error) {
	fmt.Fprintf(o.Log, "seed %d\n", o.Seed)
	b := &bench{
		options: &o, report: report.New("nemesis"), random: rand.New(rand.NewPCG(o.Seed, 0)),
		watch: newWatch(), tally: newTally(o.Nodes),
	}
	b.world, err = open(ctx, &o)
	if b.world != nil {
		defer b.world.end(ctx, &err)
	}
	if err != nil {
		return nil, err
	}
	b.world.describe(&b.report.Env)
	b.crowd, err = gather(ctx, b.world, &o)
	defer b.crowd.close()
	if err != nil {
		return nil, err
	}
	b.deck = newDeck(b.world.troubles(), b.random)
	if err := b.trouble(ctx); err != nil {
		return nil, err
	}
	if err := b.finish(ctx); err != nil {
		return nil, err
	}
	b.conclude()
	return b.report, nil
}

// trouble runs rounds until it is time, or something was found.
func (b *bench) trouble(ctx context.Context) error {
	b.begin = time.Now()
	for n := 1; time.Since(b.begin) < b.options.Length && !b.bad(); n++ {
		if err := b.odd(ctx, b.round(ctx, n)); err != nil {
			return err
		}
	}
	return nil
}

// odd notes what a client was told that must not be, which is no reason not to report. It
// returns what is one.
func (b *bench) odd(ctx context.Context, err error) error {
	if f := new(fault.Error); ctx.Err() != nil || !errors.As(err, &f) {
		return err
	}
	b.watch.strange("%v", err)
	return nil
}

// bad says whether something was found for which it is no use to go on.
func (b *bench) bad() bool {
	_, _, _, odds, _ := b.watch.totals()
	return b.found.bad() || odds > 0 || len(b.stalled)+len(b.ended) > 0
}

// round works, brings a fault or two over the cluster, and checks what became of it.
func (b *bench) round(ctx context.Context, number int) error {
	r := newRound(number, b.begin)
	if err := r.open(ctx, b.crowd); err != nil {
		return err
	}
	defer r.leave(ctx)
	b.rounds = append(b.rounds, r)
	r.start(ctx, b.crowd, b.watch, b.options.Seed)
	process.Pause(ctx, warm)
	if err := b.strike(ctx, r); err != nil {
		return err
	}
	process.Pause(ctx, calm)
	r.halt()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	rooms, err := r.checkRooms(ctx)
	if err != nil {
		return err
	}
	boards, err := r.checkBoards(ctx, b.crowd.players[number%len(b.crowd.players)])
	if err != nil {
		return err
	}
	b.found.add(rooms)
	b.found.add(boards)
	return nil
}

// strike brings a fault or two over the cluster, and waits until it is whole again.
func (b *bench) strike(ctx context.Context, r *round) error {
	b.tally.look(ctx, b.world.cluster)
	hits := b.deck.draw(b.random, b.options.Nodes, time.Since(b.begin))
	var windows []*window
	for i := range hits {
		windows = append(windows, b.watch.open())
		hits[i].at = time.Since(b.begin)
		if err := hits[i].trouble.begin(ctx, b.world, b.node(&hits[i])); err != nil {
			return fmt.Errorf("node %d %s: %w", hits[i].node, hits[i].trouble.name, err)
		}
	}
	process.Pause(ctx, hits[0].lasts)
	if err := b.mend(ctx, hits); err != nil {
		return err
	}
	b.heal(ctx, r)
	b.tally.look(ctx, b.world.cluster)
	for i, x := range windows {
		b.watch.close(x)
		b.note(&hits[i], x, r)
	}
	return ctx.Err()
}

func (b *bench) node(h *hit) *process.Node { return b.world.cluster.Nodes[h.node-1] }

// mend ends faults, all at the same time: one alone may not be able to.
func (b *bench) mend(ctx context.Context, hits []hit) error {
	ends := make(chan error, len(hits))
	for i := range hits {
		go func() {
			err := hits[i].trouble.end(ctx, b.world, b.node(&hits[i]))
			if err != nil {
				err = fmt.Errorf("node %d after it was %s: %w", hits[i].node,
					hits[i].trouble.name, err)
			}
			ends <- err
		}()
	}
	var first error
	for range hits {
		if err := <-ends; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// heal waits until every board and room has taken a write since the fault ended, and all
// nodes are ready.
func (b *bench) heal(ctx context.Context, r *round) {
	x := b.watch.open()
	defer b.watch.close(x)
	ctx, cancel := context.WithTimeout(ctx, wholeIn)
	defer cancel()
	keys := r.keys()
	for ctx.Err() == nil && b.watch.lacks(x, keys) != "" && len(b.world.ended()) == 0 {
		process.Pause(ctx, 5*time.Millisecond)
	}
	if key := b.watch.lacks(x, keys); key != "" {
		b.stalled = append(b.stalled, fmt.Sprintf("%s took no write for %v after fault %d",
			key, wholeIn, len(b.faults)+1))
	}
	b.ended = append(b.ended, b.world.ended()...)
	if len(b.ended) > 0 || len(b.stalled) > 0 {
		return
	}
	if err := b.world.cluster.Ready(ctx); err != nil {
		b.stalled = append(b.stalled, fmt.Sprintf("after fault %d: %v", len(b.faults)+1, err))
	}
}

// note records a fault.
func (b *bench) note(h *hit, x *window, r *round) {
	f := report.Fault{
		At: h.at.Seconds(), Sort: h.trouble.name, Target: fmt.Sprintf("node %d", h.node),
		Operations: x.ops, NextWrite: -1, AllWrites: -1, Errors: x.errors,
	}
	slowest := time.Duration(0)
	for _, took := range x.first {
		slowest = max(slowest, took)
		if f.NextWrite < 0 || took.Seconds() < f.NextWrite {
			f.NextWrite = took.Seconds()
		}
	}
	if len(x.first) >= len(r.keys()) {
		f.AllWrites = slowest.Seconds()
	}
	if b.faults = append(b.faults, f); len(b.faults) == 1 || x.ops < b.fewest {
		b.fewest = x.ops
	}
	fmt.Fprintf(b.options.Log, "fault %d, %.0f s: %s %s; %d writes, the next after %.2f s, on "+
		"every board and room after %.2f s; errors %v\n", len(b.faults), f.At, f.Target, f.Sort,
		f.Operations, f.NextWrite, f.AllWrites, f.Errors)
}

// finish looks at everything once more when all is over.
func (b *bench) finish(ctx context.Context) error {
	if b.bad() {
		return nil
	}
	fmt.Fprintf(b.options.Log, "reading all %d rounds once more\n", len(b.rounds))
	for i, r := range b.rounds {
		v, err := r.checkBoards(ctx, b.crowd.players[i%len(b.crowd.players)])
		if err != nil {
			return b.odd(ctx, err)
		}
		b.found.add(v)
	}
	return b.odd(ctx, b.presences(ctx))
}

// presences waits until exactly those who chat are in the lobby, as everybody sees it.
func (b *bench) presences(ctx context.Context) error {
	end := time.Now().Add(sessionGrace + deadAfter + heardIn)
	for at := 0; at < len(b.crowd.lobby); {
		got, err := readback.Sessions(ctx, b.crowd.lobby[at])
		if err != nil {
			return fmt.Errorf("read the lobby: %w", err)
		}
		if wrong := compare(got, b.crowd.sessions()); wrong == "" {
			at++
		} else if time.Now().After(end) {
			b.ghosts = append(b.ghosts, fmt.Sprintf("talker %d sees %s", at, wrong))
			at++
		}
		process.Pause(ctx, 20*time.Millisecond)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}
