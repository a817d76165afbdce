// Command metrics puts the table of metrics into docs/metrics.md.
//
// `make generate` runs it.
package main

import (
	"github.com/thronggrid/throng/netio/admin"
	"github.com/thronggrid/throng/tools/generated"
)

//go:generate go run .

func main() { generated.Main("metrics", files) }

// files makes the page.
func files() ([]generated.File, error) {
	page, err := generated.Page("docs/metrics.md",
		generated.Part{What: "metrics", Text: admin.Document()})
	return []generated.File{page}, err
}
