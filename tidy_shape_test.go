package throng_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// The limits of shape. A tab counts as tabColumns. Tests may be wider: the rows
// of a table read best on one line each.
const (
	fileLinesMax   = 800
	funcLinesMax   = 80
	columnsMax     = 100
	columnsTestMax = 120
	tabColumns     = 4
)

// long names files ("dir/file.go") and functions ("dir/file.go Func") that may
// be longer than the limit, each with the reason.
var long = map[string]string{}

func checkFileSize(t *tree) []finding {
	var out []finding
	for _, s := range t.goFiles() {
		n := bytes.Count(s.text, []byte{'\n'})
		if n > fileLinesMax && long[s.path] == "" {
			out = append(out, finding{s.path, fmt.Sprintf(
				"%d lines, at most %d: it has more than one job, so make a file of each", n, fileLinesMax)})
		}
	}
	return out
}

func checkFuncSize(t *tree) []finding {
	var out []finding
	for _, s := range t.goFiles() {
		for _, d := range s.ast.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			n := t.fset.Position(f.End()).Line - t.fset.Position(f.Pos()).Line + 1
			if n > funcLinesMax && long[s.path+" "+f.Name.Name] == "" {
				out = append(out, finding{t.at(f), fmt.Sprintf(
					"%s has %d lines, at most %d: give its steps names and functions of their own",
					f.Name.Name, n, funcLinesMax)})
			}
		}
	}
	return out
}

func checkColumns(t *tree) []finding {
	var out []finding
	for _, s := range t.goFiles() {
		if ast.IsGenerated(s.ast) {
			continue
		}
		limit := columnsMax
		if s.isTest() {
			limit = columnsTestMax
		}
		for i, line := range bytes.Split(s.text, []byte{'\n'}) {
			n := utf8.RuneCount(line) + bytes.Count(line, []byte{'\t'})*(tabColumns-1)
			if n > limit {
				out = append(out, finding{fmt.Sprintf("%s:%d", s.path, i+1), fmt.Sprintf(
					"%d columns, at most %d (a tab is %d): break the line", n, limit, tabColumns)})
			}
		}
	}
	return out
}

// emptyNames say nothing about what is in a package.
var emptyNames = []string{
	"base", "common", "helper", "helpers", "misc", "shared", "type", "types", "util", "utils",
}

func checkPackageNames(t *tree) []finding {
	var out []finding
	for _, s := range t.goFiles() {
		name := strings.TrimSuffix(s.ast.Name.Name, "_test")
		if slices.Contains(emptyNames, name) || slices.Contains(emptyNames, path.Base(s.dir())) {
			out = append(out, finding{t.at(s.ast.Name), fmt.Sprintf(
				"the name %s says nothing: call the package by the one noun that it is about", name)})
		}
	}
	return out
}

// checkPackageComments wants one comment per package, that begins as go doc
// expects. Packages that are only tests may go without.
func checkPackageComments(t *tree) []finding {
	comments, packages := map[string]string{}, map[string]string{}
	for _, s := range t.goFiles() {
		if s.isTest() {
			continue
		}
		packages[s.dir()] = s.ast.Name.Name
		if s.ast.Doc != nil {
			comments[s.dir()] = s.ast.Doc.Text()
		}
	}
	var out []finding
	for dir, name := range packages {
		want := "Package " + name + " "
		if name == "main" {
			want = "Command " + path.Base(dir) + " "
		}
		if !strings.HasPrefix(comments[dir], want) {
			out = append(out, finding{dir, fmt.Sprintf(
				"the package has no comment that begins with %q: write a doc.go that says what it holds, "+
					"its invariants, who owns what, and its limits", want)})
		}
	}
	return out
}

// checkExported wants a comment on every exported name outside of tests.
func checkExported(t *tree) []finding {
	var out []finding
	miss := func(n ast.Node, name string) {
		out = append(out, finding{t.at(n), fmt.Sprintf(
			"%s is exported without a comment: say what it means, its units, ranges and errors, "+
				"or do not export it", name)})
	}
	for _, s := range t.goFiles() {
		if s.isTest() || s.ast.Name.Name == "main" {
			continue
		}
		for _, d := range s.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				name := d.Name.Name
				if d.Doc == nil && ast.IsExported(name) && exportedReceiver(d) && !selfExplaining[name] {
					miss(d, name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if name := undocumented(d, spec); name != "" {
						miss(spec, name)
					}
				}
			}
		}
	}
	return out
}

// selfExplaining methods do what the interfaces of the standard library say.
var selfExplaining = map[string]bool{
	"Error": true, "String": true, "Unwrap": true, "Len": true, "Less": true, "Swap": true,
}

// exportedReceiver says whether a function is none of an unexported type.
func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	typ := f.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.IndexListExpr:
			typ = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return false
		}
	}
}

// undocumented returns the name of an exported type, constant or variable that
// neither its group nor itself explains, or "".
func undocumented(d *ast.GenDecl, spec ast.Spec) string {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil {
			return spec.Name.Name
		}
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			if name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
				return name.Name
			}
		}
	}
	return ""
}
