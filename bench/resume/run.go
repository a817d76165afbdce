package resume

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
)

const (
	// dropEvery is the time between two drops.
	dropEvery = time.Second
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
	sent    atomic.Int64 // acknowledged
	failed  atomic.Int64 // refused, or never decided
	cut     int          // sockets
}

// Run chats, cuts and checks. The error says that the benchmark could not run.
func Run(ctx context.Context, o Options) (r *report.Report, err error) {
	if err := o.defaults(); err != nil {
		return nil, err
	}
	b := &bench{options: &o, report: report.New("resume", report.ReadEnv(o.flags()))}
	if b.host, err = o.Server.Open(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.host.Close(ctx)) }()
	b.host.Describe(&b.report.Env)
	defer b.leave()
	if err := b.join(ctx); err != nil {
		return nil, err
	}
	listening, deaf := context.WithCancel(ctx)
	defer deaf()
	var ears sync.WaitGroup
	for _, m := range b.members {
		ears.Go(func() { m.listen(listening) })
	}
	begin := time.Now()
	b.chat(ctx)
	took := time.Since(begin)
	b.settle(ctx)
	deaf()
	ears.Wait()
	b.judge(took)
	return b.report, ctx.Err()
}

// join makes the rooms and fills them.
func (b *bench) join(ctx context.Context) error {
	tag := rand.Uint32() // a server that runs already may know rooms of an earlier run
	for i := range b.options.Sessions {
		if i%roomSize == 0 {
			b.rooms = append(b.rooms, &room{
				name: fmt.Sprintf("resume-%08x-%d", tag, i/roomSize), acked: map[uint64]bool{},
			})
		}
		b.members = append(b.members, &member{room: b.rooms[i/roomSize], number: i})
	}
	ctx, cancel := context.WithTimeout(ctx, joinIn)
	defer cancel()
	errs := make([]error, senders)
	var wg sync.WaitGroup
	for w := range senders {
		wg.Go(func() {
			for i := w; i < len(b.members) && errs[w] == nil; i += senders {
				errs[w] = b.members[i].join(ctx, b.host.Server.Addr)
			}
		})
	}
	wg.Wait()
	fmt.Fprintf(b.options.Log, "%d sessions in %d rooms\n", len(b.members), len(b.rooms))
	return errors.Join(errs...)
}

// chat sends at the rate while drop after drop cuts sockets.
func (b *bench) chat(ctx context.Context) {
	sending, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for w := range senders {
		wg.Go(func() { b.talk(sending, ctx, w) })
	}
	for i := range b.options.Drops {
		process.Pause(ctx, dropEvery)
		n := len(b.members) / cutPart
		for _, k := range rand.Perm(len(b.members))[:n] {
			b.members[k].socket.cut()
		}
		b.cut += n
		fmt.Fprintf(b.options.Log, "drop %d: %d sockets cut, %d messages acknowledged\n",
			i+1, n, b.sent.Load())
	}
	process.Pause(ctx, dropEvery)
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
		if m.send(ctx, n) {
			b.sent.Add(1)
		} else {
			b.failed.Add(1)
		}
		due = due.Add(time.Duration(rand.ExpFloat64() * float64(gap)))
		process.Pause(sending, time.Until(due))
	}
}

// settle waits until every member was given what its room has.
func (b *bench) settle(ctx context.Context) {
	for end := time.Now().Add(settleIn); time.Now().Before(end) && ctx.Err() == nil; {
		if b.behind() == 0 {
			return
		}
		process.Pause(ctx, 10*time.Millisecond)
	}
}

// behind counts the members that lack messages.
func (b *bench) behind() (n int) {
	for _, m := range b.members {
		if last, _ := m.room.last(); m.at.Load() < last {
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
