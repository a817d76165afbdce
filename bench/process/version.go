package process

import (
	"context"
	"os/exec"
	"strings"
	"time"
)

// versionWait is how long a program may take to say its version.
const versionWait = 5 * time.Second

// Version asks the program of a server of the benchmark's own what it is.
func (t *Throng) Version() string {
	ctx, cancel := context.WithTimeout(context.Background(), versionWait)
	defer cancel()
	out, err := exec.CommandContext(ctx, t.options.Program, "version").Output()
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(out)), " ")
}
