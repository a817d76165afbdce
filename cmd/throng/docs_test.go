package main

import (
	"slices"
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
		if b.why != "" && b.word != "crash" || b.word == "parsed" || !runs {
			continue
		}
		if r == nil {
			r = newReader(t)
		}
		r.run(b)
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
