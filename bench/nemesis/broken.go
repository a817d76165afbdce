package nemesis

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// program is what the servers are built from.
const program = "github.com/thronggrid/throng/cmd/throng"

// Bugs are those that servers can be built with, to see them found, by the word of
// --break: the build tag that plants it.
func Bugs() map[string]string {
	return map[string]string{"ack-early": "mutant_ackearly"}
}

// build builds a server with a bug into a directory, from the sources of this one.
func build(ctx context.Context, dir, bug string) (string, error) {
	path := filepath.Join(dir, "throng-"+bug)
	out, err := exec.CommandContext(ctx, "go", "build", "-tags", Bugs()[bug], "-o", path,
		program).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build a server with the bug %s: %w: %s; run it where the sources "+
			"of Throng and Go are", bug, err, strings.TrimSpace(string(out)))
	}
	return path, nil
}
