// Command commands writes docs/commands.md from the help of throng and its commands.
//
// `make generate` runs it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	"github.com/thronggrid/throng/tools/generated"
)

//go:generate go run .

func main() { generated.Main("commands", files) }

// files makes the page.
func files() ([]generated.File, error) {
	commands, err := describe()
	if err != nil {
		return nil, err
	}
	return []generated.File{{Path: "docs/commands.md", Text: []byte(page(commands))}}, nil
}

// command is one of throng, as throng describe says it.
type command struct {
	Path, Short, Long, Usage, Example string
	Flags                             []flag
}

type flag struct {
	Name, Shorthand, Value, Default, Help string
	Section                               string // of the configuration, if it is a key of it
}

// describe asks throng for its commands, the first of which is throng itself.
func describe() (commands []command, err error) {
	cmd := exec.Command("go", "run", "./cmd/throng", "describe")
	cmd.Dir, cmd.Stderr = generated.Root, os.Stderr
	said, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("ask throng for its commands: %w", err)
	}
	if err := json.Unmarshal(said, &commands); err != nil {
		return nil, fmt.Errorf("read what throng describe says: %w", err)
	}
	return commands, nil
}
