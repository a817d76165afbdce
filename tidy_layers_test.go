package throng_test

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/thronggrid/throng/"

// layers says which folders of the project the files of a folder may import,
// beside those of their own: dependencies point inward, to grid.
var layers = map[string][]string{
	"grid":    {},
	"durable": {"grid"},
	"shard":   {"grid", "durable"},
	"netio":   {"grid"},
	"lua":     {"grid"},
	"bench":   {"grid", "netio/client", "netio/wire"},
	"cmd":     {"grid", "durable", "shard", "netio", "lua", "bench"},
	"tools":   {"cmd", "grid", "durable", "shard", "netio"},
}

func checkLayers(t *tree) []finding {
	var out []finding
	for _, s := range t.goFiles() {
		folder, _, _ := strings.Cut(s.path, "/")
		for _, imp := range s.ast.Imports {
			to, ok := strings.CutPrefix(importPath(imp), module)
			if !ok || mayImport(folder, to) {
				continue
			}
			out = append(out, finding{t.at(imp), fmt.Sprintf(
				"%s may not import %s: declare what is needed as an interface beside the code that "+
					"calls it, and let cmd/throng join the two", folder, to)})
		}
	}
	return out
}

func mayImport(folder, to string) bool {
	within := func(inner string) bool { return to == inner || strings.HasPrefix(to, inner+"/") }
	return within(folder) || slices.ContainsFunc(layers[folder], within)
}

func importPath(imp *ast.ImportSpec) string {
	p, _ := strconv.Unquote(imp.Path.Value)
	return p
}

// clockFuncs are what package time offers beside values and their arithmetic.
var clockFuncs = []string{
	"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick",
}

// clockFile is where the real clock is.
const clockFile = "grid/clock/clock.go"

// checkClocks: what the simulation runs reads no clock and draws no chance of
// its own.
func checkClocks(t *tree) []finding {
	var out []finding
	for _, s := range t.goFiles() {
		folder, _, _ := strings.Cut(s.path, "/")
		if s.isTest() || s.path == clockFile || !slices.Contains([]string{"grid", "shard", "durable"}, folder) {
			continue
		}
		for _, imp := range s.ast.Imports {
			switch p := importPath(imp); p {
			case "math/rand", "math/rand/v2", "crypto/rand":
				out = append(out, finding{t.at(imp), fmt.Sprintf(
					"%s draws from %s: take a function that draws, and let the caller hand it in", folder, p)})
			}
		}
		names := imported(s)
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && qualifier(sel, names) == "time" &&
				slices.Contains(clockFuncs, sel.Sel.Name) {
				out = append(out, finding{t.at(sel), fmt.Sprintf(
					"%s calls time.%s: take a clock.Clock, and call its Micros or AfterFunc",
					folder, sel.Sel.Name)})
			}
			return true
		})
	}
	return out
}

// imported returns the import paths of a file by the name that it uses.
func imported(s *source) map[string]string {
	out := map[string]string{}
	for _, imp := range s.ast.Imports {
		p := importPath(imp)
		out[importName(imp, p)] = p
	}
	return out
}

var majorVersion = regexp.MustCompile(`/v[0-9]+$`)

func importName(imp *ast.ImportSpec, p string) string {
	if imp.Name != nil {
		return imp.Name.Name
	}
	p = majorVersion.ReplaceAllString(p, "")
	return p[strings.LastIndex(p, "/")+1:]
}

// qualifier returns the import path of the package that sel names, or "".
func qualifier(sel *ast.SelectorExpr, names map[string]string) string {
	if x, ok := sel.X.(*ast.Ident); ok {
		return names[x.Name]
	}
	return ""
}

func checkInit(t *tree) []finding {
	var out []finding
	for _, s := range t.goFiles() {
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				out = append(out, finding{t.at(f), "an init function runs whether it is wanted or not: " +
					"make it a function that main or the constructor calls"})
			}
		}
	}
	return out
}

// stateful are packages whose values do not belong into package-level variables.
// A sync.Pool is no state: what is in it has no owner and no meaning.
var stateful = []string{
	"log", "log/slog", "math/rand", "math/rand/v2", "sync", "sync/atomic", "time",
	"github.com/hashicorp/go-hclog", "go.uber.org/zap",
}

func checkPackageState(t *tree) []finding {
	var out []finding
	for _, s := range t.goFiles() {
		if s.isTest() {
			continue
		}
		names := imported(s)
		for _, spec := range packageVars(s) {
			if what := stateIn(spec, names); what != "" {
				out = append(out, finding{t.at(spec), fmt.Sprintf(
					"the package-level variable %s holds a %s: make it a field of what uses it, "+
						"and let the caller hand it in", spec.Names[0].Name, what)})
			}
		}
	}
	return out
}

func packageVars(s *source) []*ast.ValueSpec {
	var out []*ast.ValueSpec
	for _, d := range s.ast.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok.String() != "var" {
			continue
		}
		for _, spec := range g.Specs {
			out = append(out, spec.(*ast.ValueSpec))
		}
	}
	return out
}

// stateIn names the first thing in a variable's type and values that keeps
// state, or returns "". What a function literal does when called is its own.
func stateIn(spec *ast.ValueSpec, names map[string]string) string {
	what := ""
	ast.Inspect(spec, func(n ast.Node) bool {
		if _, ok := n.(*ast.FuncLit); ok || what != "" {
			return false
		}
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		p := qualifier(sel, names)
		clock := p != "time" || slices.Contains(clockFuncs, sel.Sel.Name)
		if slices.Contains(stateful, p) && clock && sel.Sel.Name != "Pool" {
			what = p + "." + sel.Sel.Name
		}
		return true
	})
	return what
}
