package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A block is one fenced block of a page. What stands behind the fence says what
// the test of the docs does with it: docs/testing.md has the list.
type block struct {
	page string // from the root
	line int    // of its fence
	lang string
	word string            // what is behind the language: server, crash, a terminal's name
	opts map[string]string // file=, from=, needs=
	why  string            // why it is not run; "": it is
	text string            // with a newline at its end
}

func (b *block) at() string { return fmt.Sprintf("%s:%d", b.page, b.line) }

// languages are what a fence may be followed by, and the words that may follow those; nil:
// any. checkBlock has a rule for each.
var languages = map[string][]string{
	"sh": {"server", "crash", "parsed"}, "console": nil, "output": {},
	"go": {}, "yaml": {"prometheus"}, "json": {}, "ini": {}, "text": {}, "mermaid": {},
}

// pages returns all pages of the repository, by their path from the root.
func pages(t *testing.T) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", "bin", "data", "dist", "node_modules"}, d.Name()):
			return fs.SkipDir
		case filepath.Ext(name) == ".md":
			rel, err := filepath.Rel(root, name)
			out = append(out, rel)
			return err
		}
		return nil
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("found %d pages: %v", len(out), err)
	}
	return out
}

// readPage returns the blocks of a page.
func readPage(t *testing.T, page string) []*block {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := parsePage(page, string(text))
	if err != nil {
		t.Fatal(err)
	}
	return blocks
}

func parsePage(page, text string) ([]*block, error) {
	var out []*block
	var open *block
	var fence string
	for i, line := range strings.SplitAfter(text, "\n") {
		bare := strings.TrimSpace(line)
		switch {
		case open == nil && (strings.HasPrefix(bare, "~~~") || strings.HasPrefix(bare, "<pre")):
			return nil, fmt.Errorf("%s:%d: want blocks with ```, so that they are found", page, i+1)
		case open == nil && strings.HasPrefix(bare, "```"):
			fence = line[:strings.Index(line, "`")] + "```"
			open = &block{page: page, line: i + 1, opts: map[string]string{}}
			if err := open.parseInfo(strings.TrimLeft(bare, "`")); err != nil {
				return nil, fmt.Errorf("%s: %w", open.at(), err)
			}
		case open != nil && strings.TrimRight(line, "\n") == fence:
			out, open = append(out, open), nil
		case open != nil:
			open.text += strings.TrimPrefix(line, fence[:len(fence)-3])
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%s: the block has no end", open.at())
	}
	return out, nil
}

func (b *block) parseInfo(info string) error {
	info, why, norun := strings.Cut(info, " norun:")
	if b.why = strings.TrimSpace(why); norun && b.why == "" {
		return fmt.Errorf("say behind norun: why it cannot be run")
	}
	words := strings.Fields(info)
	known := slices.Sorted(maps.Keys(languages))
	if len(words) == 0 || !slices.Contains(known, words[0]) {
		return fmt.Errorf("%q: want one of %q behind the fence", info, known)
	}
	b.lang = words[0]
	for _, word := range words[1:] {
		if key, value, ok := strings.Cut(word, "="); ok {
			if !slices.Contains([]string{"file", "from", "needs"}, key) {
				return fmt.Errorf("%q: want file=, from= or needs=", word)
			}
			b.opts[key] = value
		} else if b.word == "" {
			b.word = word
		} else {
			return fmt.Errorf("%q is one word too many", word)
		}
	}
	may := languages[b.lang]
	switch {
	case b.lang == "console" && b.word == "":
		return fmt.Errorf("a console needs the name of its terminal")
	case b.word != "" && may != nil && !slices.Contains(may, b.word):
		return fmt.Errorf("%q behind %s: want one of %q", b.word, b.lang, may)
	}
	return nil
}

// matches says whether text is what the docs show, where … stands for anything
// within a line, and a line of its own for any lines.
func matches(shown, text []string) bool {
	switch {
	case len(shown) == 0:
		return len(text) == 0
	case shown[0] == "…":
		return matches(shown[1:], text) || len(text) > 0 && matches(shown, text[1:])
	}
	return len(text) > 0 && lineMatches(shown[0], text[0]) && matches(shown[1:], text[1:])
}

func lineMatches(shown, line string) bool {
	parts := strings.Split(shown, "…")
	if len(parts) == 1 {
		return shown == line
	}
	last := len(parts) - 1
	if !strings.HasPrefix(line, parts[0]) || len(line) < len(parts[0])+len(parts[last]) ||
		!strings.HasSuffix(line, parts[last]) {
		return false
	}
	line = line[len(parts[0]) : len(line)-len(parts[last])]
	for _, part := range parts[1:last] {
		_, rest, found := strings.Cut(line, part)
		if !found {
			return false
		}
		line = rest
	}
	return true
}

// lines are the lines of a text, without what ends them.
func lines(text string) []string {
	if text = strings.TrimRight(text, "\n"); text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func TestDocsParsing(t *testing.T) {
	const page = "a\n```sh server\nmake run\n```\n1. b\n   ```go file=a.go norun: it is a part\n   x\n   ```\n"
	blocks, err := parsePage("p.md", page)
	if err != nil || len(blocks) != 2 {
		t.Fatal(blocks, err)
	}
	if b := blocks[0]; b.word != "server" || b.text != "make run\n" || b.at() != "p.md:2" {
		t.Errorf("%+v", b)
	}
	if b := blocks[1]; b.opts["file"] != "a.go" || b.why != "it is a part" || b.text != "x\n" {
		t.Errorf("%+v", b)
	}
	for _, bad := range []string{
		"```\nx\n```\n", "```sh\nx\n", "```cobol\n```\n", "```sh server b\n```\n",
		"```sh a\n```\n", "```json x\n```\n", "~~~\nx\n~~~\n",

		"```sh norun:\n```\n", "```console\n```\n", "```sh x=y\n```\n",
	} {
		if _, err := parsePage("p.md", bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestDocsMatching(t *testing.T) {
	for _, c := range []struct {
		shown, text string
		want        bool
	}{
		{"a\nb", "a\nb", true}, {"a\nb", "a\nc", false}, {"a", "a\nb", false}, {"a\nb", "a", false},
		{"a…c", "abc", true}, {"a…c", "ac", true}, {"a…c", "abd", false}, {"ab…ba", "aba", false},
		{"…", "", true}, {"…\nb", "x\ny\nb", true}, {"…\nb", "x\ny", false}, {"a…b…c", "a-b-c", true},
		{"a…b…c", "a-c", false},
	} {
		if got := matches(lines(c.shown), lines(c.text)); got != c.want {
			t.Errorf("%q shown, %q printed: %v", c.shown, c.text, got)
		}
	}
}

func between(t *testing.T, text, from, to string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, from)
	if !found {
		t.Fatalf("the text has no %q any more", from)
	}
	middle, _, found := strings.Cut(rest, to)
	if !found {
		t.Fatalf("the text has no %q behind %q any more", to, from)
	}
	return middle
}
