package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// links are the targets of a page's links, but for those elsewhere. Code may look
// like one, and a comment like a heading.
var (
	links    = regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`)
	fences   = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	headings = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// prose returns the text of a page without its blocks.
func prose(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	return fences.ReplaceAllString(string(text), "")
}

// anchors are what a link to a place in a page may end with.
func anchors(text string) map[string]bool {
	all := map[string]bool{"": true}
	for _, h := range headings.FindAllStringSubmatch(text, -1) {
		all[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, h[1])] = true
	}
	return all
}

// TestDocsLinks: what a page links to is there, down to the heading.
func TestDocsLinks(t *testing.T) {
	for _, page := range pages(t) {
		text := prose(t, page)
		for _, m := range links.FindAllStringSubmatch(text, -1) {
			to := page
			if m[1] != "" {
				to = filepath.Join(filepath.Dir(page), m[1])
			}
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
			} else if m[2] != "" && !anchors(prose(t, to))[m[2]] {
				t.Errorf("%s links to #%s of %s, which has no such heading", page, m[2], to)
			}
		}
	}
}

// TestDocsIndex: the index of the docs names every page of them.
func TestDocsIndex(t *testing.T) {
	const index = "docs/README.md"
	named := map[string]bool{index: true, "docs/plan.md": true}
	for _, m := range links.FindAllStringSubmatch(prose(t, index), -1) {
		named[filepath.Join("docs", m[1])] = true
	}
	err := fs.WalkDir(os.DirFS(root), "docs", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.Name() == "node_modules" || named[name] && d.IsDir() && name != "docs":
			if err == nil {
				err = fs.SkipDir
			}
			return err
		case filepath.Ext(name) == ".md" && !named[name]:
			t.Errorf("%s does not name %s", index, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
