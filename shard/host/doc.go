// Package host runs the replicas of one node: of shards, and of the meta group, each of a
// Raft group of its own, all over one log (package durable/wal), and the lanes through
// which event loops reach them. It implements grid.Shards.
//
// Replicas come and go: Start opens one, Drop ends and erases it, and Steer says which
// configuration the node brings a group to while it leads it. Who places replicas, and
// knows which nodes are alive, tells the host: SetTable, SetFloors, SetLevel.
//
// A write: lane.Write stages the command; lane.Flush appends what was staged to
// the queue of each group; the pacer takes whole batches off the queues and
// proposes each as one entry; Raft stores it (one fsync for all groups that
// store together) and, once committed, hands it to the group's applier, which
// executes it and delivers the outcomes, in one go per lane, to whoever waits.
//
// What nobody asks for: an entry that this incarnation of the node proposed leaves
// effects. Its hints go to whom Listen named, right after its outcomes; slots that
// owe something go to errands, a goroutine with a lane of its own. For the groups
// that the node leads it carries duties from slot to slot, lets slots do what is
// due, and sweeps the sessions of incarnations below the floors that are wanted. When a
// reign begins it asks all slots what they owe;
// when one ends it forgets. The archiver, another goroutine with a lane of its own,
// brings chat messages to Options.Archive and then tells their slots; it may have
// to wait for the archive, and nothing waits for it.
//
// A backup: Host.Backup holds all appliers between two entries, for as long as it takes to
// clone all machines and to begin a View of the record tables, and writes from those while
// writes go on. What shards and records show fits together only so: see moment.
//
// What of this takes how long, and how much waits where, counters and Stats say; Health
// says whether the shards serve; Watch what they are busy with. Nothing decides by them.
//
// A read: lane.Read asks the machine on the caller's goroutine, then checks that
// this node still leads (lease.go says how it knows), then returns the reply.
//
// Who owns what:
//
//	lane       its event loop's goroutine
//	queue      under its own lock; lanes append, the pacer takes
//	machine    the applier (Raft's FSM goroutine) writes, queries read
//	between    the applier holds it over an entry; who takes a backup holds all
//	pending    under its own lock; the pacer adds, the applier or the watcher takes
//	serving    set by the group's leadership goroutine while it holds the token of
//	           reigning, read by all
//	roster     and groups: whoever holds the token of changing; read by all
//	crew       the goroutines of a group that are there only while it is led, or there
//	           is work: watcher, confirmer, snapshots, steps of the helm
//	helm       one goroutine: looks where the groups that the node leads are to be steered
//	effects    the applier; who listens may keep nothing of them
//	inbox      under its own lock; appliers and leadership goroutines leave news for
//	           errands, whose goroutine owns all else that it knows
//	backlog    under its own lock; errands leaves slots for the archiver, whose
//	           goroutine owns all else that it knows
//
// Lock order: between of all groups, by their numbers, then machine.mu. queue.mu,
// pending.mu, inbox.mu and backlog.mu are leaves; nothing is locked under them.
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
//	I5  Effects are acted on only where this incarnation proposed the entry: not on
//	    followers, and not when a log is replayed.
//	I6  Between two slots at most one delivery of duties is under way, or its
//	    acknowledgement, in one reign. What errands and the archiver propose may
//	    fail, or be done twice: a slot knows what it has carried out or archived.
//	I7  A failed disk or an entry that cannot be understood ends in Options.Fatal;
//	    no command is said to be done after it.
//	I8  A configuration changes by one server at a time, and only from the one that was
//	    looked at. A replica that was dropped keeps its term and vote, and founds nothing.
//
// Without lanes that reach further (UseLanes), errands reach only slots that this node
// leads: what a slot owes to a group that another node leads waits for a leader of both.
//
// Limits: carriesMax deliveries under way, carryBytesMax of them together;
// archiveBytesMax in a round of the archiver; QueueBytesMax of commands and
// ConfirmsMax of reads that wait for a group.
package host
