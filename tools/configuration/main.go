// Command configuration writes docs/configuration.md from the keys of
// cmd/throng/config.
//
// `make generate` runs it.
package main

import (
	"github.com/thronggrid/throng/cmd/throng/config"
	"github.com/thronggrid/throng/tools/generated"
)

//go:generate go run .

func main() { generated.Main("configuration", files) }

// files makes the page.
func files() ([]generated.File, error) {
	return []generated.File{{Path: "docs/configuration.md", Text: []byte(config.Markdown())}}, nil
}
