package resume

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
)

const (
	// settleIn is how long the last messages may take to reach every member.
	settleIn = 60 * time.Second
	// joinIn is how long all sessions may take to join.
	joinIn = 2 * time.Minute
)

// bench is a run under way.
type bench struct {
	options *Options
	report  *report.Report
	host    *process.Host
	rooms   []*room
	members []*member
	said    atomic.Int64 // messages made up
	sent    atomic.Int64 // acknowledged
	failed  atomic.Int64 // refused, or never decided
	cut     int          // sockets
}

// Run chats, cuts and checks. The error says that the benchmark could not run.
func Run(ctx context.Context, o Options) (r *report.Report, err error) {
	b := &bench{options: &o, report: report.New("resume")}
	if b.host, err = o.Server.Open(ctx); err != nil {
		return nil, err
	}
	defer b.host.End(ctx, &err)
	b.host.Describe(&b.report.Env)
	defer b.leave()
	if err := b.join(ctx); err != nil {
		return nil, err
	}
	listening, deafen := context.WithCancel(ctx)
	defer deafen()
	var ears sync.WaitGroup
	for _, m := range b.members {
		ears.Go(func() { m.listen(listening) })
	}
	begin := time.Now()
	b.chat(ctx)
	took := time.Since(begin)
	fmt.Fprintln(b.options.Log, "waiting until every member was given all")
	b.settle(ctx)
	deafen()
	ears.Wait()
	seen := b.outcome(took)
	seen.note(b.report)
	return b.report, nil
}

// join makes the rooms and fills them.
func (b *bench) join(ctx context.Context) error {
	tag := rand.Uint32() // a server that runs already may know rooms of an earlier run
	for i := range b.options.Sessions {
		if i%roomSize == 0 {
			b.rooms = append(b.rooms, newRoom(fmt.Sprintf("resume-%08x-%d", tag, i/roomSize)))
		}
		b.members = append(b.members, &member{room: b.rooms[i/roomSize], number: i})
	}
	ctx, cancel := context.WithTimeoutCause(ctx, joinIn,
		fmt.Errorf("%d sessions could not join within %v", len(b.members), joinIn))
	defer cancel()
	err := load.Each(ctx, len(b.members), senders, func(i int) error {
		return b.members[i].join(ctx, b.host.Server)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(b.options.Log, "%d sessions in %d rooms\n", len(b.members), len(b.rooms))
	return nil
}

// chat sends at the rate while drop after drop cuts sockets.
func (b *bench) chat(ctx context.Context) {
	sending, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for w := range senders {
		wg.Go(func() { b.talk(sending, ctx, w) })
	}
	for i := 0; i < b.options.Drops && ctx.Err() == nil; i++ {
		process.Pause(ctx, b.options.Every)
		cut := 0
		for _, k := range rand.Perm(len(b.members))[:len(b.members)/cutPart] {
			if b.members[k].cut() {
				cut++
			}
		}
		b.cut += cut
		fmt.Fprintf(b.options.Log, "drop %d: %d sockets cut, %d messages acknowledged\n",
			i+1, cut, b.sent.Load())
	}
	process.Pause(ctx, b.options.Every)
	stop()
	wg.Wait()
}

// talk lets every session of a part send in turn, until sending ends. What was
// begun is waited for.
func (b *bench) talk(sending, ctx context.Context, part int) {
	gap := time.Duration(float64(time.Second) * senders / b.options.Rate)
	due := time.Now()
	for n := 0; sending.Err() == nil; n++ {
		m := b.members[(n*senders+part)%len(b.members)]
		if m.send(ctx, b.said.Add(1)) {
			b.sent.Add(1)
		} else {
			b.failed.Add(1)
		}
		due = due.Add(time.Duration(rand.ExpFloat64() * float64(gap)))
		process.Pause(sending, time.Until(due))
	}
}

// settle waits until every member is back and was given what its room has.
func (b *bench) settle(ctx context.Context) {
	for end := time.Now().Add(settleIn); time.Now().Before(end) && ctx.Err() == nil; {
		if b.count((*member).behind) == 0 && b.count((*member).away) == 0 {
			return
		}
		process.Pause(ctx, 10*time.Millisecond)
	}
}

// count counts the members of whom something is so.
func (b *bench) count(so func(*member) bool) (n int) {
	for _, m := range b.members {
		if so(m) {
			n++
		}
	}
	return n
}

func (b *bench) leave() {
	var wg sync.WaitGroup
	for _, m := range b.members {
		if m.client != nil {
			wg.Go(func() { m.client.Close() })
		}
	}
	wg.Wait()
}
