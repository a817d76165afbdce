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
	"path/filepath"

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
		fmt.Fprintln(os.Stderr, "errors:", err)
		os.Exit(1)
	}
}

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
	var out []generated.File
	for _, f := range []struct {
		path string
		make func(*table) ([]byte, error)
	}{
		{"grid/fault/codes_gen.go", codesSource},
		{"netio/wire/reasons_gen.go", reasonsSource},
		{"docs/errors.md", page},
		{"docs/errors.json", forClients},
		{"docs/protocol.md", protocol},
	} {
		text, err := f.make(t)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.path, err)
		}
		out = append(out, generated.File{Path: f.path, Text: text})
	}
	return out, nil
}

// protocol puts the tables into docs/protocol.md.
func protocol(t *table) ([]byte, error) {
	return fill("protocol.md", []part{
		{"error codes", t.sentCodes()},
		{"errors in reply to hello", t.helloErrors()},
		{"reasons", t.reasonLines()},
	})
}

// page puts the tables into docs/errors.md.
func page(t *table) ([]byte, error) {
	return fill("errors.md", []part{{"codes", t.codesPart()}, {"reasons", t.reasonsPart()}})
}

// part is what stands between two markers of a page.
type part struct{ what, text string }

func fill(name string, parts []part) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, "docs", name))
	if err != nil {
		return nil, err
	}
	page := string(text)
	for _, p := range parts {
		if page, err = generated.Between(page, p.what, p.text); err != nil {
			return nil, err
		}
	}
	return []byte(page), nil
}
