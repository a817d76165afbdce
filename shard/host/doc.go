// Package host runs the shards of one node: a Raft group for each, all over one
// log (package durable/wal), and the lanes through which event loops reach
// them. It implements grid.Shards.
//
// A write: lane.Write stages the command; lane.Flush appends what was staged to
// the queue of each group; the pacer takes whole batches off the queues and
// proposes each as one entry; Raft stores it (one fsync for all groups that
// store together) and, once committed, hands it to the group's applier, which
// executes it and delivers the outcomes, in one go per lane, to whoever waits.
//
// A read: lane.Read asks the machine on the caller's goroutine, then checks that
// this node still leads (lease.go says how it knows), then returns the reply.
//
// Who owns what:
//
//	lane       its event loop's goroutine
//	queue      under its own lock; lanes append, the pacer takes
//	machine    the applier (Raft's FSM goroutine) writes, queries read
//	pending    under its own lock; the pacer adds, the applier or the watcher takes
//	serving    set by the group's leadership goroutine, read by all
//
// Lock order: queue.mu and pending.mu are leaves; nothing is locked under them.
//
// Invariants:
//
//	I1  A batch is answered exactly once: by who takes it out of pending. The applier
//	    answers with outcomes, the watcher with "failed" or "unknown".
//	I2  Nothing is answered before its entry was committed and applied.
//	I3  "Failed" is said only of a batch that Raft never accepted; everything else
//	    that goes wrong is "unknown".
//	I4  A read at level Leader is answered only if the lease still held after the
//	    state was read.
//	I5  A failed disk or an entry that cannot be understood ends in Options.Fatal;
//	    no command is said to be done after it.
package host
