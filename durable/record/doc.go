// Package record keeps record tables (package grid/record) in a Pebble of their
// own: for a single node, which needs no database.
//
// # How data flows
//
// Update takes the turn to write, so that there is one writer at a time, and
// gathers what its function puts in an indexed batch, which is also what the
// function reads through. The batch is applied to Pebble without a sync, and
// the turn given on. Then the call waits until a sync covers it: one sync for
// all that were applied when it began (syncer.go). Transactions that write are
// numbered, and once the sync is done, the facts file is told how far it came
// (witness.go); then the calls return. View reads a snapshot.
//
// What others have applied and not yet synced can be read at once. So every
// transaction, also one that only reads or that fails, returns only when all
// that it may have read is on disk.
//
// # Files
//
//	Dir/records/      Pebble: its write-ahead log, tables and manifest
//	Dir/records/LOCK  held while a process has the tables open
//	Dir/records.facts the second witness: the last transaction known to be on disk
//
// # Keys and values in Pebble
//
// Numbers are big-endian but for crc, which is little-endian: the crc32c over
// the key and all of the value but itself, so that no value can stand under
// another's key. A tuple is what record.AppendTuple writes.
//
//	key                                       value
//	+---+                                     +---------+-----+
//	| C |                                     | version | crc |             the store
//	+---+                                     +---------+-----+
//	+---+------+                              +---------+-----+----+--------+
//	| C | name |                              | version | crc | id | schema | a table
//	+---+------+                              | 1       | 4   | 4  | …      |
//	                                          +---------+-----+----+--------+
//	+---+----+-------------+                  +---------+-----+---+---------+-----+
//	| R | id | key columns |                  | version | crc | n | columns | doc | a row
//	| 1 | 4  | tuple       |                  | 1       | 4   | 1 | tuple   | …   |
//	+---+----+-------------+                  +---------+-----+---+---------+-----+
//	+---+----+-------+---------+-------------+
//	| X | id | index | columns | key columns | no value                     of an index
//	| 1 | 4  | 1     | tuple   | tuple       |
//	+---+----+-------+---------+-------------+
//	+---+                                     +---------+-----+--------+
//	| T |                                     | version | crc | number |
//	+---+                                     +---------+-----+--------+
//
//	field    meaning
//	version  1 in all of them
//	name     of the table
//	id       the table's number, from 1; never given to another table
//	schema   msgpack: [key columns, further columns, indexes], a column being
//	         [name, type], an index [name, [column's name, …]]
//	index    the position of the index in its table
//	n        how many columns follow
//	doc      the document, to the end of the value
//	number   of the last transaction, 8 bytes; each that writes adds one to it
//
// The facts file holds the 8 bytes "thrgrecs", then a number as under T, sealed
// with those 8 bytes as its key. It is written over in place after each sync, and
// not synced itself: it survives the process, and what a power cut leaves of it is
// an older number or none. One that is missing, short or damaged says nothing.
// Open compares it with T: a Pebble that has less lost what was acknowledged, and
// is refused with a *disk.CorruptionError, at this start and all later ones. Else
// it is written anew.
//
// # Invariants
//
//	I1  Pebble's log holds transactions in the order in which they were applied,
//	    whole: after a crash a first part of them is there, and with it all that
//	    were acknowledged.
//	I2  A row has exactly one entry in each index, written in its transaction.
//	I3  A table is opened only as it was stored: same columns, same indexes.
//	I4  The facts file names no transaction that is not on disk, and one at least
//	    as late as all that were acknowledged, unless a power cut took that back.
//	I5  After the first failure nothing is acknowledged, nothing on disk changes
//	    and Options.Fatal was called once.
//
// # Goroutines
//
// There are none of our own. Functions of transactions run on their callers'
// goroutines. Locks are never held over a read, write or sync; the turn is a
// channel, so that a simulation's clock goes on while somebody waits for it.
// Close waits for transactions that are running. Fatal is called on the
// goroutine that met the failure, possibly below Pebble's locks.
//
// # Failure
//
// The first failed write, sync, rename, create or close, an unreadable or corrupt
// row, and whatever Pebble calls fatal is latched, given to Fatal, and returned by
// every later call. Package disk tells why the disk below Pebble is frozen then.
// An Update that it meets does not know whether it is stored, and says so. A
// write that finds the disk full is such a failure only without Options.Space; with
// it, the write waits until there is space.
//
// # What cannot be noticed
//
// Pebble takes damage to the newest file of its log for the end that a crash left,
// and drops what follows. The facts file tells the two apart, except for these:
//
//   - After a power cut, transactions that it had not reached the disk to name.
//   - A file of the log that is not the newest, which there is only while a flush
//     is due, cut exactly between two records, or damaged in the number of the log
//     that a chunk carries: Pebble goes on with the next file, and transactions in
//     the middle are missing.
//   - A data directory that is gone altogether: it looks like a new one.
//   - A disk that acknowledges syncs it has not done.
//
// # Looking at tables
//
// Inspect reads tables that no node has open and changes nothing: it takes no lock, leaves
// the facts file alone, and names all damage that it finds; where Pebble cannot read on, it
// goes on with the next of its tables. InspectFacts looks at the facts file alone.
//
// # Limits
//
// Those of grid/record. Memory is the cache, two memtables, and what running
// transactions hold: an Update at most TransactionBytesMax three times over, a
// page PageBytesMax. A function holds up all other writers while it runs.
package record
