package process

import (
	"context"
	"os/exec"
	"strings"
	"time"
)

// versionWait is how long a program may take to say its version.
const versionWait = 5 * time.Second

// version asks a Throng program what it is.
func version(program string) string {
	ctx, cancel := context.WithTimeout(context.Background(), versionWait)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "version").Output()
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(out)), " ")
}
