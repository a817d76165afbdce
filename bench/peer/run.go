package peer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
)

// boards is how many boards each server holds.
const boards = 2

// What Nakama delivered a second, with 4 and 64 messages in flight:
// docs/benchmarks.md.
const nakamaFan4, nakamaFan64 = 97_000, 111_000

// settle is the pause between preloading and measuring.
const settle = 2 * time.Second

// bench is a comparison under way.
type bench struct {
	options *Options
	report  *report.Report
	peer    *report.Peer
	host    *process.Host
	redis   *redis
	names   []string
	sides   [2]*side // Throng, Redis
}

// Redis compares. The error says that the benchmark could not run, or that an
// answer was wrong.
func Redis(ctx context.Context, o Options) (r *report.Report, err error) {
	scratch, err := process.NewScratch(o.Server.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, scratch.Close()) }()
	b := &bench{options: &o, report: report.New("peer redis")}
	if b.redis, err = startRedis(ctx, o.Redis, scratch.Path); err != nil {
		return nil, process.Outcome(ctx, err)
	}
	defer b.redis.child.Kill()
	if b.host, err = o.Server.Open(ctx); err != nil {
		return nil, err
	}
	defer b.host.End(ctx, &err)
	if err := b.prepare(ctx); err != nil {
		return nil, err
	}
	if err := b.compare(ctx); err != nil {
		return nil, err
	}
	if o.wantsBoards() {
		if err := b.sizes(ctx); err != nil {
			return nil, err
		}
	}
	return b.report, nil
}

// prepare says how to speak to both sides, and fills their boards.
func (b *bench) prepare(ctx context.Context) error {
	b.host.Describe(&b.report.Env)
	b.report.Env.Versions["redis"] = b.redis.version
	b.peer = b.report.Peer("redis", b.redis.config)
	c := b.redis.config
	b.report.Check("redis fsyncs before it answers",
		c["appendonly"] == "yes" && c["appendfsync"] == "always",
		"appendonly %s, appendfsync %s", c["appendonly"], c["appendfsync"])
	b.names = load.Boards(boards)
	b.sides = [2]*side{
		{name: "throng", addr: b.host.Server.Addr, child: b.host.Server.Process(),
			boards: load.Throng(b.host.Server.Key, b.names, b.options.Members),
			chat:   load.ThrongChat,
			signals: func(room string) func(int) load.Dialect {
				return load.ThrongSignals(b.host.Server.Key, room)
			},
			listener: load.ThrongListener},
		{name: "redis", addr: b.redis.addr, child: b.redis.child,
			boards: load.Redis(b.names, b.options.Members), chat: load.RedisChat,
			signals:  load.RedisSignals,
			listener: func(_ int, room string) load.Listener { return load.RedisListener(room) }},
	}
	if !b.options.wantsBoards() {
		return nil
	}
	return b.fill(ctx)
}

// fill makes the boards and puts all members on them.
func (b *bench) fill(ctx context.Context) error {
	if err := b.host.Server.CreateBoards(ctx, b.names...); err != nil {
		return err
	}
	members := b.options.Members
	for _, s := range b.sides {
		fmt.Fprintf(b.options.Log, "%s: preloading %d boards of %d members\n", s.name, boards,
			members)
		rate, err := load.Preload(ctx, s.addr, s.boards, boards, members)
		if err != nil {
			return fmt.Errorf("%s: preload: %w", s.name, err)
		}
		fmt.Fprintf(b.options.Log, "%s: preloaded at %.0f/s\n", s.name, rate)
	}
	process.Pause(ctx, settle)
	return nil
}

// compare runs the works and notes the targets.
func (b *bench) compare(ctx context.Context) error {
	r := b.report
	for _, t := range []struct {
		target, label string
		work          work
		note          func(rs *rounds)
	}{
		{"T3", "submit 50×64", b.onBoards(load.Submit, 50, 64), func(rs *rounds) {
			r.AtLeast("T3", rs.ratio((*sample).getRate), 2.5, "× Redis")
			r.AtMost("T3 CPU", rs.ratio((*sample).getCPU), 0.55, "× Redis")
		}},
		{"T4", "submit 50×1", b.onBoards(load.Submit, 50, 1), func(rs *rounds) {
			r.AtLeast("T4 at 50", rs.ratio((*sample).getRate), 1, "× Redis")
			r.AtMost("T4 at 50, p99", rs.ratio((*sample).getP99), 1.2, "× Redis")
		}},
		{"T4", "submit 500×1", b.onBoards(load.Submit, 500, 1), func(rs *rounds) {
			r.AtLeast("T4 at 500", rs.ratio((*sample).getRate), 1.1, "× Redis")
			r.AtMost("T4 at 500, p99", rs.ratio((*sample).getP99), 1.2, "× Redis")
		}},
		{"T5", "rank 50×64", b.onBoards(load.Rank, 50, 64), func(rs *rounds) {
			r.AtLeast("T5 rank", rs.ratio((*sample).getRate), 2.5, "× Redis")
			r.AtMost("T5 rank, CPU", rs.throngs((*sample).getCPU), 3, "µs")
		}},
		{"T5", "around 50×64", b.onBoards(load.Around, 50, 64), func(rs *rounds) {
			r.AtLeast("T5 around", rs.ratio((*sample).getRate), 1.3, "× Redis")
			r.AtMost("T5 around, CPU", rs.throngs((*sample).getCPU), 4, "µs")
		}},
		{"T8", "chat 64×8", chatting, func(rs *rounds) {
			r.AtLeast("T8", rs.ratio((*sample).getRate), 0.8, "× Redis")
		}},
		{"T9", "fan-out 4×1", signalling(4, 1), func(rs *rounds) {
			r.AtLeast("T9 at 4", rs.ratio((*sample).getRate), 0.9, "× Redis")
			r.AtLeast("T9 at 4, Nakama", rs.throngs((*sample).getRate)/nakamaFan4, 2.5,
				"× Nakama")
		}},
		{"T9", "fan-out 8×8", signalling(8, 8), func(rs *rounds) {
			r.AtLeast("T9 at 64", rs.ratio((*sample).getRate), 1.2, "× Redis")
			r.AtLeast("T9 at 64, Nakama", rs.throngs((*sample).getRate)/nakamaFan64, 20,
				"× Nakama")
		}},
	} {
		if !b.options.wants(t.target) {
			continue
		}
		rs, err := b.alternate(ctx, t.target, t.label, t.work)
		if err != nil {
			return err
		}
		t.note(rs)
	}
	r.Check("every answer was right", true, "the load checks each and ends at the first that is "+
		"not")
	return nil
}

// sizes checks that both servers hold what was put in, and no more.
func (b *bench) sizes(ctx context.Context) error {
	for _, name := range b.names {
		n, err := b.host.Server.Records(ctx, name)
		if err != nil {
			return err
		}
		card, err := b.redis.command(ctx, "ZCARD", name)
		if err != nil {
			return err
		}
		b.report.Check("board "+name+" is whole",
			n == b.options.Members && card[0] == strconv.Itoa(b.options.Members),
			"%d records, %s in redis, want %d", n, card[0], b.options.Members)
	}
	return nil
}
