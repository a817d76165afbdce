// Command configuration writes docs/configuration.md from the keys of
// cmd/throng/config.
package main

import (
	"fmt"
	"os"

	"github.com/thronggrid/throng/cmd/throng/config"
	"github.com/thronggrid/throng/tools/generated"
)

//go:generate go run .

func main() {
	page := generated.File{Path: "docs/configuration.md", Text: []byte(config.Markdown())}
	if err := generated.Write("../..", []generated.File{page}); err != nil {
		fmt.Fprintln(os.Stderr, "configuration:", err)
		os.Exit(1)
	}
}
