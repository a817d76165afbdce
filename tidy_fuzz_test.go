package throng_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"regexp"
	"strings"
)

// fuzzList is the page that lists all fuzz targets by package.
const fuzzList = "docs/testing.md"

var decoder = regexp.MustCompile(`^([Dd]ecode|[Rr]ead|[Pp]arse)([A-Z]|$)`)

// checkFuzz: a package that decodes has a fuzz target; every target is where
// make fuzz, which asks go test -list, finds it, and in the list.
func checkFuzz(t *tree) []finding {
	var out []finding
	fuzzed := map[string]bool{}
	for _, s := range t.goFiles() {
		for _, f := range fuzzTargets(s) {
			fuzzed[s.dir()] = true
			if bytes.HasPrefix(s.text, []byte("//go:build")) {
				out = append(out, finding{t.at(f), f.Name.Name + " is behind a build tag, where make fuzz " +
					"does not find it: move it to a file without"})
			}
			if !t.lists(s.dir(), f.Name.Name) {
				out = append(out, finding{t.at(f), fmt.Sprintf("%s is not in %s: name it there in the line "+
					"that begins with `%s`", f.Name.Name, fuzzList, s.dir())})
			}
		}
	}
	reported := map[string]bool{}
	for _, s := range t.goFiles() {
		f := firstDecoder(s)
		if f != nil && !fuzzed[s.dir()] && !reported[s.dir()] {
			reported[s.dir()] = true
			out = append(out, finding{t.at(f), fmt.Sprintf("%s decodes, and no test of its package "+
				"fuzzes: write a FuzzX that feeds it arbitrary bytes, with a few seeds", f.Name.Name)})
		}
	}
	return out
}

// lists says whether the list has a line with a package and a target. A tree
// without the list has nothing to keep in step.
func (t *tree) lists(dir, target string) bool {
	for _, s := range t.files {
		if s.path != fuzzList {
			continue
		}
		for line := range strings.Lines(string(s.text)) {
			if strings.HasPrefix(line, "| `"+dir+"` |") && strings.Contains(line, "`"+target+"`") {
				return true
			}
		}
		return false
	}
	return true
}

func fuzzTargets(s *source) []*ast.FuncDecl {
	var out []*ast.FuncDecl
	for _, d := range s.ast.Decls {
		f, ok := d.(*ast.FuncDecl)
		if ok && s.isTest() && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Fuzz") {
			out = append(out, f)
		}
	}
	return out
}

// firstDecoder returns a function of a file that is called a decoder and reads
// from package pack, or nil.
func firstDecoder(s *source) *ast.FuncDecl {
	for _, d := range s.ast.Decls {
		f, ok := d.(*ast.FuncDecl)
		if ok && !s.isTest() && decoder.MatchString(f.Name.Name) && readsPack(f, imported(s)) {
			return f
		}
	}
	return nil
}

func readsPack(f *ast.FuncDecl, names map[string]string) bool {
	found := false
	ast.Inspect(f.Type.Params, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if ok && qualifier(sel, names) == module+"grid/pack" {
			found = found || sel.Sel.Name == "Cursor" || sel.Sel.Name == "Decoder"
		}
		return !found
	})
	return found
}
