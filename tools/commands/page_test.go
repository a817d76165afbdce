package main

import (
	"strings"
	"testing"
)

func TestPage(t *testing.T) {
	got := page([]command{
		{Path: "throng"},
		{
			Path: "throng serve", Short: "Serve | or not", Usage: "throng serve [flags]",
			Long:    "Serve. See 'throng config'\nand --all.\n\n  ready\n\nIn <data-dir>/admin.token.",
			Example: "  throng serve\n  throng serve --all",
			Flags: []flag{
				{Name: "all", Shorthand: "a", Help: "a | b"},
				{Name: "dir", Value: "path", Default: "./data", Help: "where", Section: "Node"},
				{Name: "n", Value: "number", Default: "0", Help: "how many (default five)", Section: "Node"},
				{Name: "addr", Value: "host:port", Help: "whence", Section: "Clients"},
			},
		},
		{Path: "throng config", Long: "Look."},
		{Path: "throng config show", Long: "Show.", Flags: []flag{{Name: "dir", Section: "Node"}}},
	})
	for _, want := range []string{
		"| [`throng config show`](#throng-config-show) |  |\n", "| Serve \\| or not |\n",
		"\n## throng serve\n\n```text\nthrong serve [flags]\n```\n\nServe. See `throng config` and `--all`.\n\n" +
			"```text\nready\n```\n\nIn `<data-dir>/admin.token`.\n\n| flag |",
		"| `-a, --all` |  | a \\| b |\n",
		"\nNode:\n\n| flag | default | means |\n| --- | --- | --- |\n| `--dir path` | `./data` | where |\n" +
			"| `--n number` |  | how many (default five) |\n\nClients:\n\n",
		"```sh parsed\nthrong serve\nthrong serve --all\n```\n", "\n### throng config show\n",
		"\nShow.\n\nAnd all flags of [`throng serve`](#throng-serve) that are keys",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks\n%s\nit is\n%s", want, got)
		}
	}
	if strings.Contains(got, "\n# throng\n") || strings.Contains(got, "how many (default five) | `0`") {
		t.Error(got)
	}
}

func TestProse(t *testing.T) {
	p := newProse([]string{"throng", "throng backup", "throng backup verify"})
	for text, want := range map[string]string{
		"as throng backup verify does":    "as `throng backup verify` does",
		"throng backup, throng and it":    "`throng backup`, throng and it",
		"the node's HTTP port, which's":   "the node's HTTP port, which's",
		"set --verify=false, or THRONG_X": "set `--verify=false`, or `THRONG_X`",
		"with -o json, in data_dir":       "with `-o json`, in `data_dir`",
		"it has <data_dir>/token.keys.":   "it has `<data_dir>/token.keys`.",
	} {
		if got := p.marked(text); got != want {
			t.Errorf("%q became %q", text, got)
		}
	}
}
