// Command limits makes docs/limits.md: all limits of the server on one page. The fixed
// ones are constants of grid, shard, durable and netio whose names end in Max, Min or
// Reserve; their values and comments are read from the sources. groups.yaml says in
// which order they stand there and what happens to who goes beyond; a limit that it
// does not name is an error. The others are keys of the configuration, of the
// sections that groups.yaml names.
//
// `make generate` runs it.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/thronggrid/throng/tools/generated"
)

//go:generate go run .

// root is the repository's, from this folder, where go generate runs it.
const root = "../.."

func main() {
	files, err := files()
	if err == nil {
		err = generated.Write(root, files)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "limits:", err)
		os.Exit(1)
	}
}

// files makes the page.
func files() ([]generated.File, error) {
	source, err := os.ReadFile("groups.yaml")
	if err != nil {
		return nil, err
	}
	l, err := readLayout(source)
	if err != nil {
		return nil, fmt.Errorf("groups.yaml: %w", err)
	}
	found, err := constants(root)
	if err != nil {
		return nil, err
	}
	if missing := l.missing(found); len(missing) > 0 {
		return nil, fmt.Errorf("groups.yaml does not name %s: put each into a group, and say "+
			"what happens to who goes beyond", strings.Join(missing, ", "))
	}
	tables, err := l.tables(found)
	if err != nil {
		return nil, fmt.Errorf("groups.yaml: %w", err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "limits.md"))
	if err != nil {
		return nil, err
	}
	keys, err := l.keyTables()
	if err != nil {
		return nil, fmt.Errorf("groups.yaml: %w", err)
	}
	text, err := generated.Between(string(page), "fixed limits", tables)
	if err == nil {
		text, err = generated.Between(text, "configurable limits", keys)
	}
	return []generated.File{{Path: "docs/limits.md", Text: []byte(text)}}, err
}
