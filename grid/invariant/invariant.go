// Package invariant holds checks that cost nothing in a release build: they are
// on with -race or -tags invariants. Cheap checks whose failure means lost data
// do not belong here: they stay on always and stop the node.
package invariant

import "fmt"

// Check panics with the formatted text when ok is false and checks are on.
func Check(ok bool, format string, args ...any) {
	if Enabled && !ok {
		panic("invariant broken: " + fmt.Sprintf(format, args...))
	}
}

// Poison overwrites a buffer that its user has just given up, when checks are
// on, so that who still reads it reads garbage at once and not one day.
func Poison(b []byte) {
	if Enabled {
		b = b[:cap(b)]
		for i := range b {
			b[i] = 0xa5
		}
	}
}
