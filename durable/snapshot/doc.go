// Package snapshot keeps the newest snapshot of a raft group in a file whose
// every byte is verified before it is handed out.
//
// # How data flows
//
// Raft calls Store.Create, the shard writes an opaque payload into the Sink (it
// is compressed before it comes here), and Sink.Close makes it durable. At a
// start, or to bring a follower up to date, raft asks List for the newest
// snapshot and reads it through Open.
//
// # The file
//
// Dir/snapshots/<group>/<term>-<index>.snap. Numbers are little-endian, crc is
// crc32c (Castagnoli).
//
//	+-------+---------+-------------+-------+------------------+
//	| magic | version | meta length | crc   | meta             |   head
//	| 8     | 1       | 4           | 4     | meta length      |
//	+-------+---------+-------------+-------+------------------+
//	| length        | crc           | payload                  |   block 0 …
//	| 4             | 4             | length                   |
//	+---------------+---------------+--------------------------+
//	| 0             | crc           | blocks    | payload size |   trailer
//	| 4             | 4             | 8         | 8            |
//	+---------------+---------------+-----------+--------------+
//
//	field            meaning
//	magic            "thrgsnap"
//	version          1; a file with a higher one is refused
//	crc of the head  over all of the head but itself; the seed of the others
//	meta             u32 group, u64 index, u64 term, u64 configuration index,
//	                 then the configuration as raft.EncodeConfiguration writes it
//	length           1 to BlockBytesMax; 0 marks the trailer
//	crc of a block   over u64 number of the block, u32 length, payload
//	crc of the end   the same, with the number of blocks, 0, and the two totals
//
// # Invariants
//
//	I1  A file under its final name was synced before it got that name.
//	I2  The older snapshot is removed only after the directory that names the
//	    newer one was synced: at every moment one whole snapshot is there.
//	I3  List gives the newest snapshot or an error, never an older one: the log
//	    entries behind an older one may be gone.
//	I4  Read hands out only bytes whose block was verified, and io.EOF only
//	    when blocks and bytes add up to what the trailer says.
//
// # Recovery
//
//  1. Files that end in .tmp are unfinished; remove them.
//  2. The newest file by (term, index) must have a whole head and trailer, its
//     head must agree with its name and its group, and the lengths must add up
//     to the size of the file. If not, stop: there is nothing to fall back to.
//  3. Remove older files, left by a crash between I1 and I2.
//
// Blocks are verified when they are read, which at a start is at once.
//
// # Goroutines
//
// A Store may be used by any goroutine, a Sink and a reader by one each. A
// reader that is open goes on over a file that was replaced.
//
// # Failure
//
// The first failed write, sync or read and the first corruption is latched in
// the Store and handed to Options.Fatal once. A failed removal of an older file
// is only logged: the next start repeats it. A write that finds the disk full ends
// its snapshot alone, whose file is removed by Cancel; disk.IsFull knows the error.
//
// # Limits
//
// Two copies take disk space while a new one is written. A snapshot that is
// gone with its name cannot be told from none here: whoever starts raft must
// see that the log begins at or below the entry behind the newest snapshot.
package snapshot
