// Package wal is the Raft log and the stable store of all groups of a node, in
// one Pebble instance, and the node's own settings beside them.
//
// # How data flows
//
// Raft's loop of a group calls Log.StoreLogs. The entries are encoded into the
// log's buffer, join the round that is open for all groups (commit.go), and are
// acknowledged once that round's one Pebble batch is on disk. Only then do the
// log's memory (first and last index, the ring of recent entries, the account
// of bytes) and the caller learn of them. GetLog answers from the ring, and from
// Pebble for older entries. Votes and settings are read from memory.
//
// # Files
//
//	Dir/LOCK       held while a process has the data directory open
//	Dir/log.facts  how far everything had come; the second witness beside Pebble
//	Dir/log/       Pebble: its write-ahead log (WAL), tables and manifest
//
// # Keys and values in Pebble
//
// Numbers in keys are big-endian; crc is crc32c over the key and all of the
// value but itself, so that no value can stand under another's key.
//
//	key                        value
//	+---+-------+-------+      +---------+-----+------+------+------+------+------+-----+
//	| L | group | index |      | version | crc | type | term | time | size | data | ext |
//	| 1 | 4     | 8     |      | 1       | 4   | 1    | uv   | uv   | uv   | size | …   |
//	+---+-------+-------+      +---------+-----+------+------+------+------+------+-----+
//	+---+-------+              +---------+-----+-------+
//	| F | group |              | version | crc | index |                  8 bytes, LE
//	+---+-------+              +---------+-----+-------+
//	+---+-------+------+       +---------+-----+-----+------+
//	| S | group | name |       | version | crc | seq | data |             seq 8 bytes, LE
//	+---+-------+------+       +---------+-----+-----+------+
//	+---+------+               +---------+-----+-----+------+
//	| N | name |               | version | crc | seq | data |
//	+---+------+               +---------+-----+-----+------+
//
//	field    meaning
//	version  1
//	uv       an unsigned varint
//	time     raft's AppendedAt in nanoseconds since 1970; 0 is the zero time
//	ext      raft's Extensions: all behind data
//	F index  the first entry of the group's log, written with every change of it
//	S, N     a stable value of a group, a setting of the node
//	seq      counts the writes to that group's stable values, or to the settings
//
// # The facts file
//
//	+----------+---------+-----+-------+----------+--------+----------
//	| thrglogs | version | crc | clean | settings | groups | group …
//	| 8        | 1       | 4   | 1     | keys     | uv     |
//	+----------+---------+-----+-------+----------+--------+----------
//	group: uv number, uv first, uv last, keys
//	keys:  uv count, then for each uv length, name, uv seq
//
// Version is that of everything this package stores; a higher one is refused by
// name. Running (clean 0), the file gives lower bounds. It is replaced (written
// beside, synced, renamed, directory synced) about once a second while there are
// commits, before Pebble removes a WAL file or writes over one, before entries are
// deleted that it speaks of, and at Open.
// Close writes it last, with clean 1 and exact numbers.
//
// # Invariants
//
//	I1  One commit is on its way to disk at a time: a WAL record is begun only
//	    after every record before it was synced.
//	I2  A group's entries have consecutive indexes from F's index on. A store
//	    behind a gap deletes everything below it in the same batch.
//	I3  An index, vote or setting is visible only once it is on disk.
//	I4  The facts file never claims what is not on disk: a log's claim is lowered
//	    and written before its end is deleted.
//	I5  After the first failure nothing is acknowledged, nothing on disk changes
//	    and Options.Fatal was called once.
//	I6  Entries handed out share no memory with the log or with each other.
//
// # Recovery
//
//  1. Lock the directory. Read the facts file; a log without one is corrupt.
//  2. In each WAL file and the current manifest find the first chunk that is not
//     whole. A whole record behind it, or a chunk that is whole but for a file
//     number that Pebble would take for the end mark, is damage (by I1).
//  3. Open Pebble, which replays its WAL up to that first chunk.
//  4. Read every key. Checksums must match, indexes be consecutive, and each log
//     begin where F says.
//  5. Compare with the facts file: at least so far, or exactly so after Close.
//  6. Write the facts file anew, not clean, before the first write is taken.
//
// Whatever does not hold stops Open with a *disk.CorruptionError that names the
// file, or the group and index. Nothing is repaired, skipped or returned.
//
// Step 2 is there because Pebble's own look behind a damaged chunk begins at the
// next block of 32 KiB, believes only the synced offsets it finds in chunks
// there, which fall behind the true ones as blocks fill, and takes any chunk with
// the next file's number for a clean end without looking at its checksum.
//
// # Looking at a log
//
// Inspect reads a log that no node has open and changes nothing: it takes no lock, leaves
// the facts file alone, and names all damage that it finds instead of stopping at the first.
// InspectFacts looks at the facts file alone.
//
// # What cannot be noticed
//
// After Close every flipped or lost byte that matters is noticed (step 5). After
// a crash these are not:
//
//   - Damage to the very last WAL record: it looks like one that the crash cut
//     short. It is one commit, that is the last entries of some groups.
//   - A last WAL file that was cut off or zeroed from some point to its end, as
//     far as the facts file does not reach: what was committed in the last second.
//   - A disk that acknowledges syncs it has not done.
//
// The rest of the cluster has what a replica lost that way, but a lost vote may
// be cast again.
//
// # Goroutines
//
// All methods may be called from any goroutine. Writes of a group take turns.
// There is no goroutine of our own: the first caller of a round commits it for
// the others. Locks are never held over a write or sync, turns are; a turn is a
// channel, so that a simulation's clock goes on meanwhile. Fatal is called on
// the goroutine that met the failure, possibly below Pebble's locks.
//
// # Failure
//
// The first failed write, sync, rename, create or close, an unreadable or
// corrupt entry, and whatever Pebble calls fatal is latched, given to Fatal, and
// returned by every later call. Package disk tells why the disk
// below Pebble is frozen then. A write that finds the disk full is such a failure
// only without Options.Space; with it, the write waits until there is space.
//
// # Limits
//
// KeyBytesMax and ValueBytesMax bound stable values and settings, which are all
// kept in memory. Memory is at most three memtables, the cache, and a ring per
// group. Deleting from the front keeps about RetainBytes and happens in steps of
// at least a quarter of them. Bytes and BytesSince are up to 64 KiB and one entry
// too high. A start reads all entries: some 60 ms for 16 MiB.
package wal
