package leaderboard

import (
	"math"

	"github.com/tidwall/btree"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard/cron"
	"github.com/thronggrid/throng/grid/leaderboard/ranking"
)

// period is the time between two resets of a board, and its records.
type period struct {
	end   int64 // seconds since 1970; 0: never
	set   *ranking.Set
	notes *btree.BTreeG[note] // nil: none
	noted int                 // bytes of these
}

const second = 1_000_000 // µs

// ended says whether the period that runs is over at a stamp: what is submitted
// then is the next one's.
func (x *board) ended(stamp int64) bool { return x.now.end != 0 && stamp >= x.now.end*second }

// endMax bounds the end of a period, so that stamps can be counted from it.
const endMax = 1 << 40

// endAfter returns when a period ends that begins at a stamp.
func (x *board) endAfter(stamp int64) int64 {
	if x.schedule == "" {
		return 0
	}
	end, found := cron.Next(x.schedule, stamp/second)
	if !found || end > endMax {
		return 0 // a stamp beyond all calendars
	}
	return end
}

// period returns a period by its end, nil if there is none: it may have had no
// records, or be kept no longer.
func (x *board) period(end int64) *period {
	if end == 0 || end == x.now.end {
		return &x.now
	}
	for i := range x.past {
		if x.past[i].end == end {
			return &x.past[i]
		}
	}
	return nil
}

// records counts those of all periods.
func (x *board) records() int {
	n := x.now.set.Len()
	for i := range x.past {
		n += x.past[i].set.Len()
	}
	return n
}

// due returns the stamp at which the board is to be reset, or a period of it to
// be dropped.
func (x *board) due() int64 {
	at := int64(math.MaxInt64)
	if x.now.end != 0 {
		at = x.now.end * second
	}
	if len(x.past) > 0 {
		at = min(at, x.expires(&x.past[0]))
	}
	return at
}

// expires returns the stamp from which on a period is no longer kept.
func (x *board) expires(p *period) int64 { return (p.end + x.keep) * second }

// reset begins a new period on a board whose last one has ended. A period
// without records leaves nothing behind; so do those that nobody saw begin.
func (b *Boards) reset(x *board, stamp int64) *board {
	x = b.apart(x)
	was, over := x.due(), x.now
	x.gen, x.now = b.gen, period{end: x.endAfter(stamp), set: ranking.New(b.gen)}
	if over.set.Len() > 0 {
		past := append(make([]period, 0, len(x.past)+1), x.past...)
		x.past = append(past, over)
	}
	b.expire(x, stamp)
	b.plan(x, was)
	return x
}

// apart returns a board that no clone has, but whose records one may have: x, or
// a copy that takes its place. Unlike own it takes no time to speak of.
func (b *Boards) apart(x *board) *board {
	if x.gen == b.gen {
		return x
	}
	c := *x
	b.byName.Set(c.name, &c)
	return &c
}

// expire drops the periods that are no longer kept of a board that no clone has:
// each in one piece, whatever it holds.
func (b *Boards) expire(x *board, stamp int64) {
	drop := max(0, len(x.past)-PeriodsMax)
	for drop < len(x.past) && x.expires(&x.past[drop]) <= stamp {
		drop++
	}
	for i := range drop {
		b.records -= x.past[i].set.Len()
		b.noted -= x.past[i].noted
	}
	x.past = append([]period(nil), x.past[drop:]...)
}

// due is when something is to be done about a board.
type due struct {
	at   int64
	name string
}

func (d due) before(o due) bool { return d.at < o.at || d.at == o.at && d.name < o.name }

// plan notes when something is to be done about a board, where was is what was
// noted before: math.MaxInt64 is never.
func (b *Boards) plan(x *board, was int64) {
	at := x.due()
	if at == was {
		return
	}
	if b.dues == nil {
		b.dues = btree.NewBTreeGOptions(due.before, btree.Options{NoLocks: true})
	}
	b.dues.Delete(due{was, x.name})
	if at != math.MaxInt64 {
		b.dues.Set(due{at, x.name})
	}
	b.planned()
}

// unplan forgets a board.
func (b *Boards) unplan(x *board) {
	if at := x.due(); at != math.MaxInt64 {
		b.dues.Delete(due{at, x.name})
		b.planned()
	}
}

func (b *Boards) planned() {
	b.next = math.MaxInt64
	if d, ok := b.dues.Min(); ok {
		b.next = d.at
	}
}

// resetsMax is how many boards one Tick resets: some 20 µs each.
const resetsMax = 64

// Due returns the stamp at which a board is to be reset or a period dropped,
// math.MaxInt64 if none is.
func (b *Boards) Due() int64 { return b.next }

// Tick resets boards and drops periods for which it is time at the turn's
// stamp, or some of them: Due says whether it must be called again. Like Apply
// it depends on nothing but state and stamp.
func (b *Boards) Tick(t *grid.Turn) {
	for range resetsMax {
		if b.next > t.Stamp || b.next == math.MaxInt64 {
			return
		}
		d, _ := b.dues.Min()
		x, _ := b.byName.Get(d.name)
		if x.ended(t.Stamp) {
			b.reset(x, t.Stamp)
			continue
		}
		x = b.apart(x)
		b.expire(x, t.Stamp)
		b.plan(x, d.at)
	}
}
