//go:build !nextlevel

package presence

import "github.com/thronggrid/throng/grid"

// statusOf returns the status that a member gets.
func statusOf(_ *grid.Turn, r *EnterRequest) string { return string(r.Status) }
