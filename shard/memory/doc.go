// Package memory refuses before it dies: it watches how much memory the process has
// in use, and closes a gate (package grid/gate) for what would make the state larger
// while that is above a limit.
//
// In use is what a garbage collection would leave: the heap that the last one found
// live, and beside it stacks and what the runtime keeps for itself. Garbage does not
// count, so that a burst of requests does not close the gate. A collection that is long
// ago knows nothing of what came since, so Watch also gives the runtime a soft limit of
// its own, a tenth above: from there on it collects, and what is in use is known again.
//
// The gate opens again a tenth below the limit. While it is closed there may be too
// little garbage for a collection, and nobody would learn what was deleted. So one is
// asked for, at most once a second and for a twentieth of the time.
//
// A snapshot keeps what is written meanwhile twice, so the gate may close during one
// and open after it.
//
// # Invariants
//
//	I1  The gate is closed for gate.MemoryHigh from the first look that finds more in
//	    use than the limit until one that finds less than nine tenths of it.
//
// # Limits
//
// The process looks four times a second and is stopped by nothing in between: what
// may come in that time is bounded by what the disk takes. Built with cgo, the storage
// engine has its memtables and caches, some 200 MiB at the most, from elsewhere, and
// they do not count. The kernel's page cache needs room, too: leave a fifth.
//
// Any goroutine may call a Watcher's methods. It has no goroutine of its own.
package memory
