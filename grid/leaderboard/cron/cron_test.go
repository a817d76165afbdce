package cron

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid/fault"
)

func TestCheck(t *testing.T) {
	for text, want := range map[string]string{
		"0 0 * * *":                            "",
		"0 0 * * MON":                          "",
		"*/5 * * * *":                          "",
		"0 0 1 jan *":                          "",
		"0 0 29 2 *":                           "",
		"0 0 31 * 1":                           "",
		"0 0 31 2 1":                           "", // any Monday in February
		"0,30 8-18/2 * * MON-FRI,7":            "",
		"@weekly":                              "",
		"@Daily":                               "",
		"*/99 * * * *":                         "",
		"":                                     "give minute",
		"@sometimes":                           "give minute",
		"@everysecond":                         "give minute",
		"0 0 * *":                              "give minute",
		"0 0 * * * *":                          "give minute",
		"0 0 * * * 2030":                       "give minute",
		"0  0 * * *":                           "give minute",
		"0 0 * * *\t":                          "not a day of the week",
		"60 0 * * *":                           "not a minute",
		"-1 0 * * *":                           "not a minute",
		"5,60 * * * *":                         "not a minute",
		"0 24 * * *":                           "not a hour",
		"0 0 0 * *":                            "not a day of the month",
		"0 0 32 * *":                           "not a day of the month",
		"0 0 L * *":                            "not a day of the month",
		"0 0 15W * *":                          "not a day of the month",
		"0 0 * 13 *":                           "not a month",
		"0 0 * mai *":                          "not a month",
		"0 0 * * 8":                            "not a day of the week",
		"0 0 * * 1#2":                          "not a day of the week",
		"0 0 * * FRI-MON":                      "not a day of the week",
		"0 0 * * ?":                            "not a day of the week",
		"*,5 0 * * *":                          "not a minute",
		"5/10 * * * *":                         "not a minute",
		"1-30/0 * * * *":                       "not a minute",
		"*/0 * * * *":                          "not a minute",
		"1-30/9223372036854775807 * * * *":     "not a minute",
		"1--3 * * * *":                         "not a minute",
		"1,,3 * * * *":                         "not a minute",
		", * * * *":                            "not a minute",
		"+5 * * * *":                           "not a minute",
		"0 0 30 2 *":                           "on no day",
		"0 0 31 2,4,6 *":                       "on no day",
		"0 0 30 2 */2":                         "on no day",
		"0 0 29 2 */7":                         "too rarely", // a Sunday: every 28 years
		"0 0 */31 2 1":                         "",           // in most decades
		strings.Repeat("0,", 60) + "0 0 * * *": "at most 128",
	} {
		err := Check(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
		if err != nil && fault.CodeOf(err) != fault.InvalidArgument {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestNext(t *testing.T) {
	for _, c := range []struct{ text, after, want string }{
		{"@hourly", "2026-03-01 23:59:59", "2026-03-02 00:00:00"},
		{"@daily", "2026-03-01 00:00:00", "2026-03-02 00:00:00"},
		{"@weekly", "2026-03-01 00:00:00", "2026-03-08 00:00:00"},
		{"@monthly", "2026-12-01 00:00:00", "2027-01-01 00:00:00"},
		{"@annually", "2026-12-01 00:00:00", "2027-01-01 00:00:00"},
		{"30 4 1,15 * 5", "2026-03-02 00:00:00", "2026-03-06 04:30:00"},
		{"30 4 1,15 * 5", "2026-03-14 00:00:00", "2026-03-15 04:30:00"},
		{"0 0 29 2 *", "2096-02-29 00:00:00", "2104-02-29 00:00:00"},
		{"0 0 * * 7", "2026-03-02 00:00:00", "2026-03-08 00:00:00"},
	} {
		after, err := time.Parse(time.DateTime, c.after)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := Next(c.text, after.Unix())
		if at := time.Unix(got, 0).UTC().Format(time.DateTime); !ok || at != c.want {
			t.Errorf("%q after %s: %s, %v, want %s", c.text, c.after, at, ok, c.want)
		}
	}
	for _, text := range []string{"", "0 0 30 2 *", "never"} {
		if at, ok := Next(text, 0); ok {
			t.Errorf("%q is due at %d", text, at)
		}
	}
}

// TestNextAgainstMinutes compares random schedules with a search that tries
// every day and minute.
func TestNextAgainstMinutes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := make([]string, len(fields))
		for i := range fields {
			parts[i] = fields[i].draw(t)
		}
		text := strings.Join(parts, " ")
		after := rapid.Int64Range(0, 5e9).Draw(t, "after")
		want, ok := search(parts, time.Unix(after, 0).UTC())
		if err := Check(text); err != nil {
			at, ok := search(parts, longest)
			if !strings.Contains(err.Error(), "on no day") || ok && at <= longest.AddDate(8, 0, 0).Unix() {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if got, found := Next(text, after); !ok || !found || got != want {
			t.Fatalf("%q after %d: %d, %v, want %d, %v", text, after, got, found, want, ok)
		}
	})
}

func (f *field) draw(t *rapid.T) string {
	number := rapid.IntRange(f.low, f.high)
	step := rapid.IntRange(1, 99)
	item := func() string {
		from := number.Draw(t, f.what)
		switch to := number.Draw(t, "to"); rapid.IntRange(0, 4).Draw(t, "form") {
		case 0:
			return fmt.Sprintf("%d-%d", min(from, to), max(from, to))
		case 1:
			return fmt.Sprintf("%d-%d/%d", min(from, to), max(from, to), step.Draw(t, "step"))
		case 2:
			if i := 3 * (from - f.low); i < len(f.names) {
				return f.names[i : i+3]
			}
		}
		return fmt.Sprint(from)
	}
	switch rapid.IntRange(0, 4).Draw(t, "field") {
	case 0, 1:
		return "*"
	case 2:
		return fmt.Sprintf("*/%d", step.Draw(t, "step"))
	}
	text := item()
	for rapid.Bool().Draw(t, "more") && len(text) < 12 {
		text += "," + item()
	}
	return text
}

// search finds when fields are due the next time, within some 50 years.
func search(parts []string, t time.Time) (int64, bool) {
	var sets [len(fields)]uint64
	for i := range parts {
		sets[i] = fields[i].set(parts[i])
	}
	minutes, hours, days, months, week := sets[0], sets[1], sets[2], sets[3], sets[4]
	week |= week >> 7 & 1
	both := strings.HasPrefix(parts[2], "*") || strings.HasPrefix(parts[4], "*")
	t = t.Truncate(time.Minute).Add(time.Minute)
	for range 50 * 366 {
		day, weekday := days>>t.Day()&1 != 0, week>>t.Weekday()&1 != 0
		if months>>t.Month()&1 != 0 && (day && weekday || !both && (day || weekday)) {
			for at := t; at.Day() == t.Day(); at = at.Add(time.Minute) {
				if hours>>at.Hour()&1 != 0 && minutes>>at.Minute()&1 != 0 {
					return at.Unix(), true
				}
			}
		}
		t = t.Truncate(24*time.Hour).AddDate(0, 0, 1)
	}
	return 0, false
}

// FuzzCheck: whatever is accepted is due again and again, within its bounds.
func FuzzCheck(f *testing.F) {
	for _, text := range []string{"0 0 * * MON", "*/7 8-18/2 1,15 JAN-MAR *", "@weekly",
		"0 0 30 2 *", "1-2/9223372036854775807 * * * *", "* * */31 2 1"} {
		f.Add(text, int64(1_700_000_000))
	}
	f.Fuzz(func(t *testing.T, text string, after int64) {
		if err := Check(text); err != nil {
			if fault.CodeOf(err) != fault.InvalidArgument {
				t.Fatal(err)
			}
			return
		}
		at := after % 10_000_000_000
		for range 3 {
			next, ok := Next(text, at)
			if !ok || next <= at || next > at+41*366*86400 || next%60 != 0 {
				t.Fatalf("%q after %d: %d, %v", text, at, next, ok)
			}
			at = next
		}
	})
}
