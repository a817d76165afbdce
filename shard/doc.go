// Package shard is the state of a shard and what its log holds: the slot table,
// the entry, and the machine that applies entries to slots. It is pure: package
// shard/host runs it under Raft, package shard/sim under a simulated world.
//
// An entry is one Raft log entry, a batch of commands for one shard:
//
//	[format, level, time µs, origin, number, commands]  command  command …
//
// where level is the feature level that its commands need, (origin, number)
// lets the node that proposed it find who waits for it, and a command is as
// slot.Command says. The state never depends on origin or number.
//
// A snapshot is a zstd stream of chunks (package grid/pack):
//
//	head   [format, level, log index of the last entry applied, slots, [floor…]]
//	slot   [number], then slot.Slot.Encode     … for each slot, rising
//
// Invariants:
//
//	I1  A machine is changed by the one goroutine that applies entries; queries run
//	    on any goroutine under the machine's read lock, which the applier lets go
//	    after every 64 small commands, or fewer large ones.
//	I2  Equal logs give equal digests, wherever a snapshot was taken and restored.
//	I3  What cannot be decoded is an error that stops the node, never skipped: the
//	    log would mean different things on different replicas.
package shard
