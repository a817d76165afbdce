// Command errors makes of its table (table.yaml) all that the project says of error
// codes and of reasons to close a connection:
//
//	grid/fault/codes_gen.go    the codes, their names, HTTP statuses, and how to retry
//	netio/wire/reasons_gen.go  the reasons, and which of them goes with which code
//	docs/errors.json           the same for clients in other languages
//	docs/errors.md             for people: what stands between its markers
//	docs/protocol.md           likewise
//
// `make generate` runs it. numbers.txt lists every number that was ever given out:
// add a line with each new one, and never take one away.
package main

import (
	"fmt"
	"os"

	"github.com/thronggrid/throng/tools/generated"
)

//go:generate go run .

func main() { generated.Main("errors", files) }

// files makes all files.
func files() ([]generated.File, error) {
	source, err := os.ReadFile("table.yaml")
	if err != nil {
		return nil, err
	}
	t, err := read(source)
	if err != nil {
		return nil, fmt.Errorf("table.yaml: %w", err)
	}
	pages, err := pages(t)
	if err != nil {
		return nil, err
	}
	for _, f := range []struct {
		path string
		make func(*table) ([]byte, error)
	}{
		{"grid/fault/codes_gen.go", codesSource},
		{"netio/wire/reasons_gen.go", reasonsSource},
		{"docs/errors.json", forClients},
	} {
		text, err := f.make(t)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.path, err)
		}
		pages = append(pages, generated.File{Path: f.path, Text: text})
	}
	return pages, nil
}

// pages puts the tables into the pages for people.
func pages(t *table) ([]generated.File, error) {
	errors, err := generated.Page("docs/errors.md",
		generated.Part{What: "codes", Text: t.codesPart()},
		generated.Part{What: "reasons", Text: t.reasonsPart()})
	if err != nil {
		return nil, err
	}
	protocol, err := generated.Page("docs/protocol.md",
		generated.Part{What: "error codes", Text: t.sentCodes()},
		generated.Part{What: "errors in reply to hello", Text: t.helloErrors()},
		generated.Part{What: "reasons", Text: t.reasonLines()})
	return []generated.File{errors, protocol}, err
}
