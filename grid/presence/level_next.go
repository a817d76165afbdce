//go:build nextlevel

package presence

import (
	"strings"

	"github.com/thronggrid/throng/grid"
)

// statusOf returns the status that a member gets. From feature level 2 on it has no space
// around it: a rule that tests of upgrades can see, in the state and in replies.
func statusOf(t *grid.Turn, r *EnterRequest) string {
	if t.Level >= 2 {
		return strings.TrimSpace(string(r.Status))
	}
	return string(r.Status)
}
