package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

const module = "github.com/thronggrid/throng/"

// limit is one constant.
type limit struct {
	value   int64
	timed   bool   // a time.Duration
	comment string // what it bounds, from its comment
}

// limitName is how the constants are called that are limits.
var limitName = regexp.MustCompile(`^[A-Z]\w*(Max|Min|Reserve)$`)

// constants returns the limits of the folders that have any, by their package's path
// and name: grid/chat.ContentBytesMax.
func constants(root string) (map[string]limit, error) {
	l := &loader{root: root, fset: token.NewFileSet(), done: map[string]*types.Package{},
		out: map[string]limit{}}
	l.standard = importer.ForCompiler(l.fset, "source", nil)
	for _, folder := range []string{"grid", "shard", "durable", "netio"} {
		visit := func(p string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return err
			}
			if d.Name() == "testdata" || d.Name() == "client" {
				return fs.SkipDir
			}
			rel, err := filepath.Rel(root, p)
			if err != nil {
				return err
			}
			l.Import(module + filepath.ToSlash(rel)) // a folder without sources has no limits
			return nil
		}
		if err := filepath.WalkDir(filepath.Join(root, folder), visit); err != nil {
			return nil, err
		}
	}
	return l.out, nil
}

// loader type-checks the project's packages as far as constants need it: no bodies of
// functions, and of other modules nothing.
type loader struct {
	root     string
	fset     *token.FileSet
	standard types.Importer
	done     map[string]*types.Package
	out      map[string]limit
}

// Import implements types.Importer.
func (l *loader) Import(p string) (*types.Package, error) {
	switch {
	case l.done[p] != nil:
		return l.done[p], nil
	case p == "time" || p == "math":
		return l.standard.Import(p)
	case !strings.HasPrefix(p, module):
		l.done[p] = types.NewPackage(p, path.Base(p))
		l.done[p].MarkComplete()
		return l.done[p], nil
	}
	dir := filepath.Join(l.root, filepath.FromSlash(strings.TrimPrefix(p, module)))
	sources, err := build.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range sources.GoFiles {
		f, err := parser.ParseFile(l.fset, filepath.Join(dir, name), nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	check := types.Config{Importer: l, IgnoreFuncBodies: true, Error: func(error) {}}
	pkg, _ := check.Check(p, l.fset, files, nil) // what other modules have is unknown
	l.done[p] = pkg
	for _, f := range files {
		l.collect(pkg, f)
	}
	return pkg, nil
}

// collect notes the limits of a file.
func (l *loader) collect(pkg *types.Package, f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		d, ok := n.(*ast.GenDecl)
		if !ok || d.Tok != token.CONST {
			_, whole := n.(*ast.File)
			return whole
		}
		for _, spec := range d.Specs {
			spec := spec.(*ast.ValueSpec)
			for _, name := range spec.Names {
				c, ok := pkg.Scope().Lookup(name.Name).(*types.Const)
				if !ok || !limitName.MatchString(name.Name) {
					continue
				}
				v, exact := constant.Int64Val(constant.ToInt(c.Val()))
				l.out[strings.TrimPrefix(pkg.Path(), module)+"."+name.Name] = limit{
					value: v, timed: exact && c.Type().String() == "time.Duration",
					comment: comment(d, spec, name.Name),
				}
			}
		}
		return false
	})
}

// comment is what a constant's comment says that it is.
func comment(d *ast.GenDecl, spec *ast.ValueSpec, name string) string {
	text := spec.Comment.Text()
	if spec.Doc != nil {
		text = spec.Doc.Text()
	} else if text == "" && !d.Lparen.IsValid() {
		text = d.Doc.Text()
	}
	text = strings.Join(strings.Fields(text), " ")
	for _, verb := range []string{"is", "bounds"} {
		text = strings.TrimPrefix(text, fmt.Sprintf("%s %s ", name, verb))
	}
	return strings.TrimRight(text, ".,")
}
