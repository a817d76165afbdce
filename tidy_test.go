// Package throng_test holds the house rules: what the compiler does not see and
// a reader would trip over. Each rule is a function over all files of the
// repository; a finding says where, what, and the cure. TestTidyCanFail feeds
// every rule a source that breaks it.
//
// The rules read sources only: no network, no git, nothing built.
package throng_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"sort"
	"strings"
	"testing"
)

// A source is one text file of the repository.
type source struct {
	path string // from the root, with slashes
	text []byte
	ast  *ast.File // nil when it is not Go
}

func (s *source) dir() string  { return path.Dir(s.path) }
func (s *source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// A tree is all files that a rule looks at, in the order of their paths.
type tree struct {
	fset  *token.FileSet
	files []*source
}

// goFiles returns the files that are Go.
func (t *tree) goFiles() []*source {
	var out []*source
	for _, s := range t.files {
		if s.ast != nil {
			out = append(out, s)
		}
	}
	return out
}

// A finding is one place where a rule is broken.
type finding struct {
	at   string // path or path:line
	text string // what is wrong, and the cure
}

// at is the place of a node.
func (t *tree) at(n ast.Node) string {
	p := t.fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}

type rule struct {
	name  string
	check func(*tree) []finding
}

var rules = []rule{
	{"layers", checkLayers},
	{"clocks and chance", checkClocks},
	{"init functions", checkInit},
	{"package state", checkPackageState},
	{"package names", checkPackageNames},
	{"package comments", checkPackageComments},
	{"comments on exported names", checkExported},
	{"file size", checkFileSize},
	{"function size", checkFuncSize},
	{"columns", checkColumns},
	{"fuzz targets", checkFuzz},
	{"words", checkWords},
}

func TestTidy(t *testing.T) {
	repository := load(t, os.DirFS("."))
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, f := range r.check(repository) {
				t.Errorf("%s: %s", f.at, f.text)
			}
		})
	}
}

// load reads all text files below root but what git ignores.
func load(t *testing.T, root fs.FS) *tree {
	t.Helper()
	texts := map[string]string{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name == ".git" || name == "bin" || name == "dist" || name == "data" || d.Name() == "node_modules" ||
				strings.HasSuffix(name, "testdata/fuzz") {
				return fs.SkipDir
			}
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err == nil && !bytes.Contains(text, []byte{0}) && !ignored(name) {
			texts[name] = string(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, texts)
}

// ignored says whether git ignores a file by its name.
func ignored(name string) bool {
	switch path.Ext(name) {
	case ".git", ".test", ".out", ".prof": // .git is a file in a second work tree
		return true
	}
	return false
}

// parse makes a tree of texts by path.
func parse(t *testing.T, texts map[string]string) *tree {
	t.Helper()
	out := &tree{fset: token.NewFileSet()}
	for name, text := range texts {
		s := &source{path: name, text: []byte(text)}
		if path.Ext(name) == ".go" && !strings.Contains(name, "testdata/") {
			var err error
			s.ast, err = parser.ParseFile(out.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
		}
		out.files = append(out.files, s)
	}
	sort.Slice(out.files, func(i, j int) bool { return out.files[i].path < out.files[j].path })
	return out
}
