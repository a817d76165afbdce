// Package gate says what a node still takes when it is short of room: of space
// on its disk, or of memory.
//
// Who watches a resource closes the gate for a Cause, with the error that clients
// get, and opens it again. Who takes commands asks the gate about each, by its
// Demand: what makes the state larger is refused first, what makes it smaller
// last. Commands of the node's own, without which it could not recover, do not
// pass a gate.
//
//	cause       refuses what grows   a new session   what frees
//	DiskLow     yes                  no              no
//	DiskFull    yes                  yes             yes
//	MemoryHigh  yes                  yes             no
//
// While the gate is open, asking it costs one atomic load. Any goroutine may call
// its methods. A command that is refused was not queued: nothing happened.
package gate
