// Command metrics puts the table of metrics into docs/metrics.md.
//
// `make generate` runs it.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/thronggrid/throng/netio/admin"
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
		fmt.Fprintln(os.Stderr, "metrics:", err)
		os.Exit(1)
	}
}

// files makes the page.
func files() ([]generated.File, error) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "metrics.md"))
	if err != nil {
		return nil, err
	}
	text, err := generated.Between(string(page), "metrics", admin.Document())
	if err != nil {
		return nil, fmt.Errorf("docs/metrics.md: %w", err)
	}
	return []generated.File{{Path: "docs/metrics.md", Text: []byte(text)}}, nil
}
