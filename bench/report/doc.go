// Package report holds what a benchmark found: checks that must hold, metrics,
// peers measured in the same run, targets, and the environment of the run.
//
// A command of the bench fills one Report while it runs and prints it once, as
// a table for people or as one JSON object for programs. The object's fields
// are stable: bench, ok, checks, metrics, peers, targets, env; and faults, of those
// that cause some.
//
// Invariants:
//
//	I1. OK is true exactly when at least one check was made and all hold.
//	I2. A missed target is reported and changes nothing else.
//	I3. WriteJSON writes exactly one object and a newline.
//
// A Report belongs to one goroutine at a time.
package report
