// Package boards measures what a board of a million records costs: memory after
// minutes of updates, what a snapshot under full write load does to submits and
// memory, and how fast a killed server serves again.
//
// One server, one board, one load: 50 connections with 64 submits in flight each,
// on random members (closed, in step: see package load). Beside it a probe of
// 1,000 submits a second on connections of its own, in an open loop: what it
// measures counts from when each submit was due, so that a stall is not hidden by
// a load that waits for its answers before it asks again.
//
//	memory     growth over the empty server per record, of the live heap, as the
//	           Go runtime tells after each collection, and of the resident set; the
//	           medians of the slices of 100 ms in which no snapshot was under way
//	snapshot   the load is cut into slices of 100 ms; a slice in which the server
//	           had an unfinished snapshot file, snapshots/<group>/*.tmp in its data
//	           directory, counts as during, the others as before; p99 of the
//	           probe in all slices of a kind, and the highest resident set
//	restart    SIGKILL under load, once the server has logged 16 MiB of commands
//	           behind its newest snapshot; time from starting the program to the
//	           first answered read; the median of several, and the worst
//
// The goroutine that calls Run does all but the load's connections.
package boards
