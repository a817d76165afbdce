package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/thronggrid/throng/tools/generated"
)

func TestFresh(t *testing.T) {
	made, err := files()
	if err != nil {
		t.Fatal(err)
	}
	if stale := generated.Stale(generated.Root, made); len(stale) > 0 {
		t.Errorf("not what table.yaml makes: %q; run make generate", stale)
	}
}

func theTable(t *testing.T) *table {
	t.Helper()
	source, err := os.ReadFile("table.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := read(source)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// reused names the numbers of a table that are not in the list of those given out,
// or stand there for something else.
func reused(t *table, givenOut string) []string {
	lines := strings.Split(givenOut, "\n")
	var out []string
	check := func(line string) {
		if !slices.Contains(lines, line) {
			out = append(out, line)
		}
	}
	for _, c := range t.Codes {
		check(fmt.Sprintf("code %d %s", c.Number, c.Name))
	}
	for _, r := range t.Reasons {
		check(fmt.Sprintf("reason %d %s", r.Number, r.Name))
	}
	return out
}

func TestNumbersAreNeverReused(t *testing.T) {
	list, err := os.ReadFile("numbers.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(list)) {
		words := strings.Fields(line)
		if len(words) < 3 || seen[words[0]+words[1]] {
			t.Errorf("numbers.txt: %q is no line like %q, or its number stands there twice",
				line, "code 3 INVALID_ARGUMENT")
			continue
		}
		seen[words[0]+words[1]] = true
	}
	table := theTable(t)
	if got := reused(table, string(list)); got != nil {
		t.Errorf("numbers.txt lacks %q: add them if the numbers are new; "+
			"if one stands there for something else, take another", got)
	}
	table.Reasons[1].Name = "something else"
	if got := reused(table, string(list)); len(got) != 1 {
		t.Errorf("a reason that was renamed: %q", got)
	}
}

func TestReadRefuses(t *testing.T) {
	source, err := os.ReadFile("table.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ old, new, want string }{
		{"number: 5\n", "number: 4\n", "without gaps"},
		{"go: NotFound", "go: notFound", "a Go name"},
		{"http: 404", "http: 200", "HTTP status"},
		{"retry: never", "retry: often", "never, later or same"},
		{"goodbye: 2004", "goodbye: 2999", "no reason 2999"},
		{"number: 2001", "number: 2000", "rise"},
		{"number: 2006", "number: 3000", "1000 to 2999"},
		{"code: INVALID_ARGUMENT", "code: INVALID", "no code"},
		{"sent: true", "send: true", "send"},
	} {
		changed := strings.Replace(string(source), tc.old, tc.new, 1)
		if changed == string(source) {
			t.Errorf("the table has no %q", tc.old)
		}
		if _, err := read([]byte(changed)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s became %s: %v, want an error with %q", tc.old, tc.new, err, tc.want)
		}
	}
}
