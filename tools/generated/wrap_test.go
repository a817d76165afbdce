package generated

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWrap(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"", ""},
		{"  one \n two ", "one two"},
		{strings.Repeat("ä", 98) + " b c", strings.Repeat("ä", 98) + " b\n  c"},
		{strings.Repeat("x", 120) + " y", strings.Repeat("x", 120) + "\n  y"},
	} {
		if got := Wrap(tc.text, "  "); got != tc.want {
			t.Errorf("%q became %q", tc.text, got)
		}
	}
	for line := range strings.Lines(Wrap(strings.Repeat("word ", 200), "  ")) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > columnsMax {
			t.Errorf("a line of %d columns", n)
		}
	}
}
