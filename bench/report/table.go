package report

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// WriteTable writes the report for people: the metrics, the peers, the faults,
// the targets, the checks, and the verdict as the last line.
func (r *Report) WriteTable(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s on %s\n", r.Bench, r.Env.Line())
	section(&b, "measured", metricRows(r.Metrics))
	for _, p := range r.Peers {
		section(&b, p.Name, append(configRows(p.Config), metricRows(p.Metrics)...))
	}
	section(&b, "faults", faultRows(r.Faults))
	section(&b, "targets", targetRows(r.Targets))
	section(&b, "checks", checkRows(r.Checks))
	verdict := "OK: every check held"
	if !r.OK {
		verdict = "FAILED: see the checks above"
	}
	fmt.Fprintf(&b, "%s\n", verdict)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func metricRows(ms []Metric) [][]string {
	var rows [][]string
	for _, m := range ms {
		rows = append(rows, []string{m.Name, number(m.Value) + " " + m.Unit})
	}
	return rows
}

func configRows(config map[string]string) [][]string {
	var rows [][]string
	for _, k := range slices.Sorted(maps.Keys(config)) {
		rows = append(rows, []string{k, config[k]})
	}
	return rows
}

func targetRows(ts []Target) [][]string {
	var rows [][]string
	for _, t := range ts {
		met := "met"
		if !t.Met {
			met = "MISSED"
		}
		rows = append(rows, []string{t.ID, met, number(t.Value), "want " + t.Want})
	}
	return rows
}

func checkRows(cs []Check) [][]string {
	var rows [][]string
	for _, c := range cs {
		mark := "[OK]"
		if !c.OK {
			mark = "[FAIL]"
		}
		rows = append(rows, []string{mark, c.Name, c.Detail})
	}
	return rows
}

// section writes rows as columns under a title, or nothing when there are none.
func section(b *strings.Builder, title string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		b.WriteString(" ")
		for i, cell := range row {
			b.WriteString(" " + cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+1))
			}
		}
		b.WriteString("\n")
	}
}

// number prints with about four significant digits, and whole numbers with
// thousands kept apart.
func number(v float64) string {
	if v == math.Trunc(v) || math.Abs(v) >= 1000 {
		s := strconv.FormatFloat(math.Abs(math.Round(v)), 'f', 0, 64)
		for i := len(s) - 3; i > 0; i -= 3 {
			s = s[:i] + "," + s[i:]
		}
		if v < 0 {
			s = "-" + s
		}
		return s
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
