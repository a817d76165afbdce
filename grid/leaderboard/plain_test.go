package leaderboard

import (
	"bytes"
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/leaderboard/cron"
	"github.com/thronggrid/throng/grid/pack"
)

// model is what boards must be like, done the slow and plain way.
type model map[string]*modelBoard

type modelBoard struct {
	CreateRequest
	now  modelPeriod
	past []modelPeriod
}

type modelPeriod struct {
	end     int64
	records []Record // in rank order, ranks not set
}

func newModelBoard(r CreateRequest, stamp int64) *modelBoard {
	m := &modelBoard{CreateRequest: r}
	m.begin(stamp)
	return m
}

// begin begins a period.
func (m *modelBoard) begin(stamp int64) {
	m.now = modelPeriod{}
	if m.Schedule != "" {
		m.now.end, _ = cron.Next(m.Schedule, stamp/1e6)
	}
}

func (m *modelBoard) ended(stamp int64) bool { return m.now.end != 0 && stamp >= m.now.end*1e6 }

// reset closes the period that runs.
func (m *modelBoard) reset(stamp int64) {
	if len(m.now.records) > 0 {
		m.past = append(m.past, m.now)
	}
	m.begin(stamp)
	m.past = m.past[max(0, len(m.past)-PeriodsMax):]
	m.expire(stamp)
}

func (m *modelBoard) expire(stamp int64) {
	m.past = slices.DeleteFunc(slices.Clone(m.past), func(p modelPeriod) bool {
		return stamp >= m.expires(p)
	})
}

func (m *modelBoard) expires(p modelPeriod) int64 {
	return (p.end + int64(m.Keep/time.Second)) * 1e6
}

// tick does what a slot's command does when something is due.
func (m model) tick(stamp int64) {
	for _, x := range m {
		if x.ended(stamp) {
			x.reset(stamp)
		}
		x.expire(stamp)
	}
}

// due returns when the next tick does something.
func (m model) due() int64 {
	at := int64(math.MaxInt64)
	for _, x := range m {
		if x.now.end != 0 {
			at = min(at, x.now.end*1e6)
		}
		for _, p := range x.past {
			at = min(at, x.expires(p))
		}
	}
	return at
}

// period returns the records of a period.
func (m *modelBoard) period(end int64) []Record {
	if end == 0 || end == m.now.end {
		return m.now.records
	}
	for _, p := range m.past {
		if p.end == end {
			return p.records
		}
	}
	return nil
}

// ends returns the names of all periods, and of one that is not there.
func (m *modelBoard) ends() []int64 {
	ends := []int64{0, m.now.end, 12_345}
	for _, p := range m.past {
		ends = append(ends, p.end)
	}
	return ends
}

// before says whether a ranks before c.
func (m *modelBoard) before(a, c Record) int {
	order := cmp.Or(cmp.Compare(c.Score, a.Score), cmp.Compare(c.Subscore, a.Subscore))
	if m.Sort == Ascending {
		order = -order
	}
	return cmp.Or(order, cmp.Compare(a.Stamp, c.Stamp), bytes.Compare(a.Owner[:], c.Owner[:]))
}

func find(records []Record, owner grid.ID) int {
	return slices.IndexFunc(records, func(r Record) bool { return r.Owner == owner })
}

func (m *modelBoard) submit(r *SubmitRequest, stamp int64) (SubmitReply, fault.Code) {
	records := m.now.records
	if m.ended(stamp) {
		records = nil
	}
	next := Record{Owner: r.Owner, Score: r.Score, Subscore: r.Subscore, Stamp: stamp}
	i := find(records, r.Owner)
	old := Record{Owner: r.Owner}
	if i >= 0 {
		old = records[i]
	}
	sign, counts := int64(1), true
	switch m.Operator {
	case Best:
		if i >= 0 && m.before(old, next) < 0 {
			next = old
			counts = old.Score == r.Score && old.Subscore == r.Subscore
		}
	case Decr:
		sign = -1
		fallthrough
	case Incr:
		var a, c bool
		next.Score, a = exactSum(old.Score, sign*r.Score)
		next.Subscore, c = exactSum(old.Subscore, sign*r.Subscore)
		if !a || !c {
			return SubmitReply{}, fault.OutOfRange
		}
	}
	if m.ended(stamp) {
		m.reset(stamp)
	}
	changed := i < 0 || next.Score != old.Score || next.Subscore != old.Subscore
	if !changed {
		next.Stamp = old.Stamp
	}
	next.Metadata = old.Metadata
	if counts && r.Metadata != "" {
		next.Metadata = r.Metadata
	}
	if i >= 0 {
		m.now.records = slices.Delete(m.now.records, i, i+1)
	}
	at, _ := slices.BinarySearchFunc(m.now.records, next, m.before)
	m.now.records = slices.Insert(m.now.records, at, next)
	return SubmitReply{Score: next.Score, Subscore: next.Subscore, Changed: changed}, fault.OK
}

// exactSum adds within ±(2^63-1).
func exactSum(a, b int64) (int64, bool) {
	if b > 0 && a > math.MaxInt64-b || b < 0 && a < -math.MaxInt64-b {
		return 0, false
	}
	return a + b, true
}

func (m *modelBoard) remove(owner grid.ID, stamp int64) bool {
	i := find(m.now.records, owner)
	if i < 0 || m.ended(stamp) {
		return false
	}
	m.now.records = slices.Delete(m.now.records, i, i+1)
	return true
}

func (m *modelBoard) info() InfoReply {
	r := InfoReply{
		Sort: m.Sort, Operator: m.Operator, Records: len(m.now.records),
		Authoritative: m.Authoritative, Schedule: m.Schedule, Keep: m.Keep, Metadata: m.Metadata,
		Stripes: max(1, m.Stripes), End: m.now.end, Periods: []Period{},
	}
	for _, p := range m.past {
		r.Periods = append(r.Periods, Period{p.end, len(p.records)})
	}
	return r
}

// page returns limit records from a position on, with their ranks and without
// cursors.
func page(records []Record, from, limit int) PageReply {
	p := PageReply{Total: len(records), Records: []Record{}}
	for i := max(0, from); i < min(from+limit, len(records)); i++ {
		r := records[i]
		r.Rank = i + 1
		p.Records = append(p.Records, r)
	}
	return p
}

// encode writes the state as the format says, from the model alone.
func (m model) encode() []byte {
	values := [][]byte{pack.AppendUint(pack.AppendArray(nil, 1), uint64(len(m)))}
	records := func(records []Record) {
		for _, r := range records {
			n := 4
			if r.Metadata != "" {
				n = 5
			}
			b := pack.AppendBytes(pack.AppendArray(nil, n), r.Owner[:])
			b = pack.AppendInt(pack.AppendInt(pack.AppendInt(b, r.Score), r.Subscore), r.Stamp)
			if n > 4 {
				b = pack.AppendString(b, r.Metadata)
			}
			values = append(values, b)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		x := m[name]
		b := pack.AppendString(pack.AppendArray(nil, 13), name)
		b = pack.AppendUint(pack.AppendUint(b, uint64(x.Sort)), uint64(x.Operator))
		b = pack.AppendUint(b, uint64(len(x.now.records)))
		b = pack.AppendString(pack.AppendBool(b, x.Authoritative), x.Schedule)
		b = pack.AppendString(pack.AppendInt(b, int64(x.Keep/time.Second)), x.Metadata)
		b = append(b, 0, 0, 0) // no stripes
		b = pack.AppendUint(pack.AppendInt(b, x.now.end), uint64(len(x.past)))
		values = append(values, b)
		records(x.now.records)
		for _, p := range x.past {
			b := pack.AppendInt(pack.AppendArray(nil, 2), p.end)
			values = append(values, pack.AppendUint(b, uint64(len(p.records))))
			records(p.records)
		}
	}
	return gridtest.Stream(values...)
}
