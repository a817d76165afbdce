package main

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// layout is groups.yaml.
type layout struct {
	Groups []struct {
		Title  string `yaml:"title"`
		Limits []line `yaml:"limits"`
	} `yaml:"groups"`
	None []string `yaml:"none"`

	Sections map[string]string `yaml:"sections"`
	Keys     map[string]string `yaml:"keys"`
}

// line is one limit on the page.
type line struct {
	Limit  string `yaml:"limit"`
	Bounds string `yaml:"bounds"`
	Unit   string `yaml:"unit"`
	Hit    string `yaml:"hit"`
}

func readLayout(source []byte) (*layout, error) {
	l := &layout{}
	d := yaml.NewDecoder(bytes.NewReader(source))
	d.KnownFields(true)
	return l, d.Decode(l)
}

// missing returns the constants that the layout does not name.
func (l *layout) missing(found map[string]limit) []string {
	named := map[string]bool{}
	for _, name := range l.None {
		named[name] = true
	}
	for _, g := range l.Groups {
		for _, line := range g.Limits {
			named[line.Limit] = true
		}
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if !named[name] {
			out = append(out, name)
		}
	}
	return out
}

// tables makes a table of each group.
func (l *layout) tables(found map[string]limit) (string, error) {
	var b strings.Builder
	for i, g := range l.Groups {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "### %s\n\n| bounds | limit | beyond it | constant |\n"+
			"| --- | --- | --- | --- |\n", g.Title)
		for _, line := range g.Limits {
			row, err := line.row(found)
			if err != nil {
				return "", err
			}
			b.WriteString(row)
		}
	}
	for _, name := range l.None {
		if _, ok := found[name]; !ok {
			return "", fmt.Errorf("there is no constant %s: take it away", name)
		}
	}
	return b.String(), nil
}

func (n *line) row(found map[string]limit) (string, error) {
	f, ok := found[n.Limit]
	if !ok {
		return "", fmt.Errorf("there is no constant %s: take it away, or correct it", n.Limit)
	}
	bounds := n.Bounds
	if bounds == "" {
		bounds = f.comment
	}
	if bounds == "" {
		return "", fmt.Errorf("%s has no comment: say there what it bounds", n.Limit)
	}
	name := n.Limit[strings.LastIndexByte(n.Limit, '.')+1:]
	value := f.human(name)
	if n.Unit == "µs" {
		value = span(time.Duration(f.value) * time.Microsecond)
	}
	if strings.HasSuffix(name, "Min") {
		value = "at least " + value
	}
	return fmt.Sprintf("| %s | %s | %s | `%s` |\n", bounds, value, linked(n.Hit), n.Limit), nil
}

// codeName is how error codes are written, and reasons to close.
var codeName = regexp.MustCompile(`\b[A-Z]{4,}(_[A-Z]+)*\b`)

// linked makes links of the codes in a text.
func linked(text string) string {
	return codeName.ReplaceAllStringFunc(text, func(name string) string {
		if name == "HTTP" {
			return name
		}
		return fmt.Sprintf("[%s](errors.md#%s)", name, strings.ToLower(name))
	})
}

// human is the value with its unit.
func (f *limit) human(name string) string {
	switch {
	case f.timed:
		return span(time.Duration(f.value))
	case !strings.Contains(name, "Bytes"):
		return grouped(f.value)
	}
	for _, u := range []struct {
		name string
		size int64
	}{{"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if f.value >= 4*u.size && f.value%u.size == 0 || f.value == u.size {
			return fmt.Sprintf("%d %s", f.value/u.size, u.name)
		}
	}
	return grouped(f.value) + " bytes"
}

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// span writes a time in the largest unit that divides it.
func span(d time.Duration) string {
	for _, u := range []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if n := d / u.size; n > 0 && d%u.size == 0 {
			if n == 1 {
				return "1 " + u.name
			}
			return fmt.Sprintf("%s %ss", grouped(int64(n)), u.name)
		}
	}
	return d.String()
}
