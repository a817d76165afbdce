package cron

import (
	"strconv"
	"strings"
	"time"

	"github.com/adhocore/gronx"

	"github.com/thronggrid/throng/grid/fault"
)

// BytesMax bounds the text of a schedule.
const BytesMax = 128

// field is what the values of one field may be.
type field struct {
	what      string
	low, high int
	names     string // three letters each, from the lowest value on
}

const (
	dayField   = 2
	monthField = 3
)

var fields = [...]field{
	{"minute", 0, 59, ""},
	{"hour", 0, 23, ""},
	dayField:   {"day of the month", 1, 31, ""},
	monthField: {"month", 1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
	{"day of the week", 0, 7, "SUNMONTUEWEDTHUFRISAT"},
}

var words = [...]string{"@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@annually"}

// daysOf is how many days each month has at the most.
var daysOf = [...]int{1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31,
	11: 30, 12: 31}

// The longest time without a 29th of February begins here.
var longest = time.Date(2096, time.March, 1, 0, 0, 0, 0, time.UTC)

const yearsMax = 8

// Check returns nil if a text is a schedule, else an error for its author.
func Check(text string) error {
	if len(text) > BytesMax {
		return refuse("%d bytes: use at most %d", len(text), BytesMax)
	}
	for _, word := range words {
		if strings.EqualFold(text, word) {
			return nil
		}
	}
	parts := strings.Split(text, " ")
	if len(parts) != len(fields) {
		return refuse("%q: give minute, hour, day of the month, month and day of the week, "+
			"with one space in between, or one of %q", text, words)
	}
	var sets [len(fields)]uint64
	for i, part := range parts {
		if sets[i] = fields[i].set(part); sets[i] == 0 {
			return refuse("%q is not a %s: give *, */step, or values and ranges from %d to %d "+
				"with commas in between", part, fields[i].what, fields[i].low, fields[i].high)
		}
	}
	if !comes(parts, &sets) {
		return refuse("%q is due on no day, or too rarely: it must be due once in %d years",
			text, yearsMax)
	}
	return nil
}

func refuse(format string, args ...any) error {
	return fault.New(fault.InvalidArgument, "schedule: "+format, args...)
}

// comes says whether fields that are right by themselves are due often enough.
func comes(parts []string, sets *[len(fields)]uint64) bool {
	if starred(parts[dayField]) || starred(parts[len(parts)-1]) {
		// Both days must fit: there must be such a date at all, else a search for it
		// would take long.
		found := false
		for month, days := range daysOf {
			found = found || sets[monthField]>>month&1 != 0 && sets[dayField]&(2<<days-1) != 0
		}
		if !found {
			return false
		}
	}
	next, ok := Next(strings.Join(parts, " "), longest.Unix())
	return ok && next <= longest.AddDate(yearsMax, 0, 0).Unix()
}

func starred(part string) bool { return strings.HasPrefix(part, "*") }

// set returns the values of a field as bits, 0 if it is not right.
func (f *field) set(part string) (bits uint64) {
	if part == "*" {
		return f.span(f.low, f.high, 1)
	}
	if step, ok := strings.CutPrefix(part, "*/"); ok {
		return f.span(f.low, f.high, f.step(step))
	}
	for item := range strings.SplitSeq(part, ",") {
		values, step, stepped := strings.Cut(item, "/")
		from, to, ranged := strings.Cut(values, "-")
		by := 1
		if stepped && ranged {
			by = f.step(step)
		}
		if !ranged {
			to = from
		}
		span := f.span(f.value(from), f.value(to), by)
		if span == 0 || stepped && !ranged {
			return 0
		}
		bits |= span
	}
	return bits
}

// span returns the bits of every step-th value of a range, 0 if it is none.
func (f *field) span(from, to, step int) (bits uint64) {
	if from < f.low || to > f.high || step < 1 {
		return 0
	}
	for v := from; v <= to; v += step {
		bits |= 1 << v
	}
	return bits
}

// value reads a value, -1 if it is none.
func (f *field) value(text string) int {
	for i := 0; i+3 <= len(f.names); i += 3 {
		if strings.EqualFold(text, f.names[i:i+3]) {
			return f.low + i/3
		}
	}
	return digits(text)
}

// step reads a step, 0 if it is none. One that is larger than all values is as
// good as any.
func (f *field) step(text string) int { return max(0, digits(text)) }

// digits reads a number of one or two digits, -1 if it is none.
func digits(text string) int {
	if len(text) > 2 {
		return -1
	}
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil {
		return -1
	}
	return int(n)
}

// Next returns when a schedule that Check accepts is due the next time after a
// time, both in seconds since 1970. If it returns false the schedule is never
// due again.
func Next(text string, after int64) (int64, bool) {
	next, err := gronx.NextTickAfter(text, time.Unix(after, 0).UTC(), false)
	if err != nil || next.Unix() <= after {
		return 0, false
	}
	return next.Unix(), true
}
