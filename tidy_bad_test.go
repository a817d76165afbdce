package throng_test

import (
	"fmt"
	"strings"
	"testing"
)

// broken are sources that break one rule each: files by path, and a part of
// what the rule must say. A source without one must pass.
var broken = []struct {
	rule  string
	files map[string]string
	want  string
}{
	{"layers", one("grid/board/a.go", "package board\n\nimport _ \"github.com/thronggrid/throng/shard/host\""),
		"grid may not import shard/host: declare"},
	{"layers", one("bench/a.go", "package bench\n\nimport _ \"github.com/thronggrid/throng/netio\""),
		"bench may not import netio: declare"},
	{"layers", one("durable/wal/a_test.go", "package wal\n\nimport _ \"github.com/thronggrid/throng/shard\""),
		"durable may not import shard: declare"},
	{"layers", one("gridlock/a.go", "package gridlock\n\nimport _ \"github.com/thronggrid/throng/grid\""),
		"gridlock may not import grid: declare"},
	{"layers", one("shard/a.go", "package shard\n\nimport (\n"+
		"\t_ \"github.com/thronggrid/throng/grid/pack\"\n\t_ \"github.com/thronggrid/throng/durable/wal\"\n"+
		"\t_ \"github.com/thronggrid/throng/shard/sim\"\n)"), ""},

	{"clocks and chance", one("shard/a.go", "package shard\n\nimport \"time\"\n\nvar _ = time.Now()"),
		"shard/a.go:5: shard calls time.Now: take a clock.Clock"},
	{"clocks and chance", one("grid/a.go", "package grid\n\nimport t \"time\"\n\nfunc f() { t.Sleep(1) }"),
		"grid calls time.Sleep"},
	{"clocks and chance", one("durable/a.go", "package durable\n\nimport _ \"math/rand/v2\""),
		"durable draws from math/rand/v2: take a function"},
	{"clocks and chance", one("durable/a.go", "package durable\n\nimport _ \"crypto/rand\""),
		"draws from crypto/rand"},
	{"clocks and chance", one("netio/a.go", "package netio\n\nimport \"time\"\n\nvar _ = time.Now()"), ""},
	{"clocks and chance", one("grid/a.go", "package grid\n\nimport \"time\"\n\nconst d = time.Second"), ""},
	{"clocks and chance", one(clockFile, "package clock\n\nimport \"time\"\n\nvar _ = time.Now()"), ""},

	{"init functions", one("netio/a.go", "package netio\n\nfunc init() {}"), "netio/a.go:3: an init function"},
	{"init functions", one("netio/a.go", "package netio\n\ntype t int\n\nfunc (t) init() {}"), ""},

	{"package state", one("netio/a.go", "package netio\n\nimport \"log/slog\"\n\nvar log = slog.Default()"),
		"variable log holds a log/slog.Default: make it a field"},
	{"package state", one("netio/a.go", "package netio\n\nimport \"sync\"\n\nvar mu sync.Mutex"),
		"variable mu holds a sync.Mutex"},
	{"package state", one("netio/a.go", "package netio\n\nimport r \"math/rand\"\n\nvar x = f(r.New(nil))"),
		"variable x holds a math/rand.New"},
	{"package state", one("netio/a.go", "package netio\n\nimport \"time\"\n\nvar start = time.Now()"),
		"variable start holds a time.Now"},
	{"package state", one("netio/a.go", "package netio\n\nimport \"sync\"\n\nvar buffers = sync.Pool{}"), ""},
	{"package state", one("netio/a.go", "package netio\n\nimport \"time\"\n\nvar waits = []time.Duration{1}"), ""},

	{"package names", one("grid/util/a.go", "package util"), "the name util says nothing"},
	{"package names", one("grid/helpers/a_test.go", "package helpers_test"), "the name helpers says nothing"},
	{"package names", one("grid/board/a.go", "package board"), ""},

	{"package comments", one("grid/board/a.go", "package board"), `begins with "Package board "`},
	{"package comments", one("grid/board/a.go", "// Boards are here.\npackage board"), `"Package board "`},
	{"package comments", one("cmd/throng/main.go", "package main"), `"Command throng "`},
	{"package comments", one("grid/board/a.go", "// Package board is a board.\npackage board"), ""},

	{"comments on exported names", one("grid/a.go", "package grid\n\nfunc F() {}"), "grid/a.go:3: F is exported"},
	{"comments on exported names", one("grid/a.go", "package grid\n\ntype T int"), "T is exported"},
	{"comments on exported names", one("grid/a.go", "package grid\n\nconst C = 1"), "C is exported"},
	{"comments on exported names", one("grid/a.go", "package grid\n\nvar V = 1"), "V is exported"},
	{"comments on exported names", one("grid/a.go", "package grid\n\n// T is.\ntype T[K any] int\n\n"+
		"func (*T[K]) M() {}"), "M is exported"},
	{"comments on exported names", one("grid/a.go", "package grid\n\ntype t int\n\nfunc (t) M() {}\n\n"+
		"// All.\nconst (\n\tA = 1\n\tB = 2\n)"), ""},

	{"file size", one("grid/a.go", "package grid\n"+strings.Repeat("\n", fileLinesMax)), "801 lines, at most 800"},
	{"file size", one("grid/a.go", "package grid\n"+strings.Repeat("\n", fileLinesMax-1)), ""},

	{"function size", one("grid/a.go", "package grid\n\nfunc f() {"+strings.Repeat("\n", funcLinesMax)+"}"),
		"grid/a.go:3: f has 81 lines, at most 80"},
	{"function size", one("grid/a.go", "package grid\n\nfunc f() {"+strings.Repeat("\n", funcLinesMax-1)+"}"), ""},

	{"columns", one("grid/a.go", "package grid\n\n\t// "+strings.Repeat("é", columnsMax-tabColumns-2)),
		"grid/a.go:3: 101 columns, at most 100"},
	{"columns", one("grid/a.go", "package grid\n\n\t// "+strings.Repeat("é", columnsMax-tabColumns-3)), ""},
	{"columns", one("grid/a_test.go", "package grid\n\n// "+strings.Repeat("x", columnsTestMax-2)),
		"grid/a_test.go:3: 121 columns, at most 120"},
	{"columns", one("grid/a_test.go", "package grid\n\n// "+strings.Repeat("x", columnsTestMax-3)), ""},
	{"columns", one("docs/a.md", strings.Repeat("x", columnsMax+1)), ""},

	{"fuzz targets", one("grid/a.go", "package grid\n\nimport \"github.com/thronggrid/throng/grid/pack\"\n\n"+
		"func decodeRow(c *pack.Cursor) {}"), "grid/a.go:5: decodeRow decodes, and no test"},
	{"fuzz targets", map[string]string{
		"grid/a.go": "package grid\n\nimport \"github.com/thronggrid/throng/grid/pack\"\n\n" +
			"func Decode(d *pack.Decoder) {}",
		"grid/a_test.go": "package grid\n\nfunc FuzzDecode(f *testing.F) {}",
	}, ""},
	{"fuzz targets", one("grid/a_test.go", "//go:build linux\n\npackage grid\n\nfunc FuzzX(f *testing.F) {}"),
		"FuzzX is behind a build tag"},
	{"fuzz targets", map[string]string{
		"grid/a_test.go": "package grid\n\nfunc FuzzX(f *testing.F) {}\nfunc FuzzY(f *testing.F) {}",
		fuzzList:         "| `grid` | `FuzzX` |\n| `grid/b` | `FuzzY` |",
	}, "grid/a_test.go:4: FuzzY is not in docs/testing.md"},

	{"words", one("docs/a.md", "first\n\nTO"+"DO: the rest"), "docs/a.md:3"},
	{"words", one("grid/a.go", "package grid // FIX"+"ME"), "do it now"},
	{"words", one("Makefile", "cp -r /wo"+"rk/x ."), "a path of one machine"},
	{"words", one("docs/a.md", "see ../sha"+"red"), "a path of one machine"},
	{"words", one("docs/a.md", "a net/work/around, a wo"+"rk/life balance, TODOS"), ""},
}

func one(path, text string) map[string]string { return map[string]string{path: text} }

// TestTidyCanFail: every rule finds what breaks it, and only that.
func TestTidyCanFail(t *testing.T) {
	failed := map[string]bool{}
	for i, tc := range broken {
		t.Run(fmt.Sprintf("%s %d", tc.rule, i), func(t *testing.T) {
			got := ""
			for _, r := range rules {
				if r.name == tc.rule {
					for _, f := range r.check(parse(t, tc.files)) {
						got += f.at + ": " + f.text + "\n"
					}
				}
			}
			if tc.want == "" && got != "" {
				t.Errorf("sources without fault: %s", got)
			}
			if !strings.Contains(got, tc.want) {
				t.Errorf("said %q, want %q", got, tc.want)
			}
		})
		failed[tc.rule] = failed[tc.rule] || tc.want != ""
	}
	for _, r := range rules {
		if !failed[r.name] {
			t.Errorf("no source shows that the rule on %s can fail: add one", r.name)
		}
	}
}
