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
	"strings"

	"github.com/thronggrid/throng/tools/generated"
)

//go:generate go run .

func main() { generated.Main("limits", files) }

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
	found, err := constants(generated.Root)
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
	keys, err := l.keyTables()
	if err != nil {
		return nil, fmt.Errorf("groups.yaml: %w", err)
	}
	page, err := generated.Page("docs/limits.md",
		generated.Part{What: "fixed limits", Text: tables},
		generated.Part{What: "configurable limits", Text: keys})
	return []generated.File{page}, err
}
