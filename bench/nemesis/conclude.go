package nemesis

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/thronggrid/throng/bench/report"
)

// conclude fills the report.
func (b *bench) conclude() {
	r := b.report
	r.Faults = b.faults
	acked, unknown, errs, odds, odd := b.watch.totals()
	again, resumed := b.crowd.stats()
	r.Metric("faults", float64(len(b.faults)), "")
	r.Metric("sorts of faults", float64(len(b.sorts())), "")
	r.Metric("writes acknowledged", float64(acked), "")
	r.Metric("writes of which clients never knew", float64(unknown), "")
	r.Metric("fewest writes in a fault's window", float64(b.fewest), "")
	b.times(r)
	for _, code := range slices.Sorted(maps.Keys(errs)) {
		r.Metric("errors "+code, float64(errs[code]), "")
	}
	r.Metric("connections made again", float64(again), "")
	r.Metric("sessions resumed", float64(resumed), "")
	elections, installed := b.tally.sums[electionsMetric], b.tally.sums[installedMetric]
	r.Metric("elections", elections, "")
	r.Metric("snapshots installed", installed, "")
	counts := b.world.rules.Counts()
	r.Metric("packets thrown away", float64(counts.Dropped), "")
	r.Metric("packets delayed", float64(counts.Delayed), "")

	v := &b.found
	r.Check("every history is that of a board", v.illegal == 0, "%d are not", v.illegal)
	r.Check("every history was checked to its end", v.unknown == 0, "%d were not", v.unknown)
	r.Check("no acknowledged write lost", v.lost == 0, "%d lost", v.lost)
	r.Check("no write done twice", v.doubled == 0, "%d doubled", v.doubled)
	if v.bad() {
		r.Check("what did not hold", false, "%s", examples(v.texts))
	}
	r.Check("those present are those who should be", len(b.ghosts) == 0, "%s", examples(b.ghosts))
	r.Check("every error was one that may be", odds == 0, "%d were not %s", odds, examples(odd))
	r.Check("no node ended by itself", len(b.ended) == 0, "%s", examples(b.ended))
	r.Check("writes were taken again after every fault", len(b.stalled) == 0, "%s",
		examples(b.stalled))
	b.floors(r, elections, installed)
}

// floors checks that a run went through enough. One that has found something ended early.
func (b *bench) floors(r *report.Report, elections, installed float64) {
	if !r.OK {
		return
	}
	faults, sorts := b.options.faultsMin()
	r.Check("faults enough, of sorts enough", len(b.faults) >= faults && len(b.sorts()) >= sorts,
		"%d faults, floor %d; %d sorts, floor %d; seed %d", len(b.faults), faults,
		len(b.sorts()), sorts, b.options.Seed)
	r.Check("every window had its load", b.fewest >= windowWritesMin,
		"at least %d writes, floor %d", b.fewest, windowWritesMin)
	least := float64(len(b.faults)) / 4
	r.Check("leaders changed", elections >= least, "%g elections, floor %g", elections, least)
	wipes := b.sorts()[wiped]
	r.Check("snapshots were installed", installed >= float64(wipes),
		"%g, floor %d: one for each node that was wiped", installed, wipes)
}

// sorts counts the faults of each sort.
func (b *bench) sorts() map[string]int {
	n := map[string]int{}
	for _, f := range b.faults {
		n[f.Sort]++
	}
	return n
}

// times sums up, for each sort, how long writes took to go on everywhere.
func (b *bench) times(r *report.Report) {
	took := map[string][]float64{}
	for _, f := range b.faults {
		took[f.Sort] = append(took[f.Sort], f.AllWrites)
	}
	for _, sort := range slices.Sorted(maps.Keys(took)) {
		all := took[sort]
		slices.Sort(all)
		if all[0] < 0 {
			all[0] = math.NaN() // one never went on
		}
		r.Metric(sort+": writes go on everywhere, p50", report.Median(all), "s")
		r.Metric(sort+": writes go on everywhere, max", all[len(all)-1], "s")
	}
}

const examplesMax = 8

// examples joins the first few of what was found.
func examples(texts []string) string {
	if len(texts) == 0 {
		return "none"
	}
	more := ""
	if n := len(texts) - examplesMax; n > 0 {
		more = fmt.Sprintf("; and %d more", n)
	}
	return strings.Join(texts[:min(len(texts), examplesMax)], "; ") + more
}
