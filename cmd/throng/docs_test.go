package main

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the repository's.
const root = "../.."

// norunMax bounds how many blocks of the docs are not run. Each says why.
const norunMax = 30

// TestDocs does what the docs say, page by page and block by block: see "Docs" in
// docs/testing.md.
func TestDocs(t *testing.T) {
	norun := 0
	for _, page := range pages(t) {
		blocks := readPage(t, page)
		for _, b := range blocks {
			if b.why != "" {
				norun++
				t.Logf("not run: %s: %s", b.at(), b.why)
			}
		}
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			runPage(t, blocks)
		})
	}
	if norun > norunMax {
		t.Errorf("%d blocks are not run, at most %d may be", norun, norunMax)
	}
}

func runPage(t *testing.T, blocks []*block) {
	t.Helper()
	var r *reader
	for _, b := range blocks {
		checkBlock(t, b)
		if b.opts["needs"] == "node" && !hasNode(t) {
			continue
		}
		runs := slices.Contains([]string{"sh", "console", "output"}, b.lang) || b.opts["file"] != ""
		if b.why != "" && b.word != "crash" || !runs {
			continue
		}
		if r == nil {
			r = newReader(t)
		}
		r.run(b)
	}
}

// checkBlock checks what can be seen without running anything.
func checkBlock(t *testing.T, b *block) {
	t.Helper()
	switch {
	case b.opts["from"] != "":
		whole, err := os.ReadFile(filepath.Join(root, b.opts["from"]))
		if err != nil || !strings.Contains(string(whole), b.text) {
			t.Errorf("%s: this is not part of %s (%v)", b.at(), b.opts["from"], err)
		}
	case b.why != "":
	case b.lang == "go":
		if b.opts["file"] == "" {
			t.Errorf("%s: Go needs file=, so that it is built, or from=", b.at())
		}
		if _, err := parser.ParseFile(token.NewFileSet(), b.at(), b.text, parser.SkipObjectResolution); err != nil {
			t.Error(err)
		}
	case b.lang == "json":
		if !json.Valid([]byte(b.text)) {
			t.Errorf("%s: this is not JSON", b.at())
		}
	}
}

// hasNode says whether Node and the example's packages are there, which they must
// be in CI.
func hasNode(t *testing.T) bool {
	t.Helper()
	has := true
	t.Run("node", func(t *testing.T) {
		has = false
		needsNode(t)
		has = true
	})
	return has
}

// links are the targets of a page's links, but for those elsewhere. Code may look
// like one.
var (
	links  = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	fences = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
)

// TestDocsLinks: what a page links to is there.
func TestDocsLinks(t *testing.T) {
	for _, page := range pages(t) {
		text, err := os.ReadFile(filepath.Join(root, page))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range links.FindAllStringSubmatch(fences.ReplaceAllString(string(text), ""), -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
			}
		}
	}
}
