// Package backup is the file that a node is backed up to: its format, what writes it,
// what verifies it, and what makes a data directory of it again.
//
// # How data flows
//
// Write takes a Source, which shard/host makes: the node's settings, a frozen state of
// each shard, one moment of the record tables. It writes them to any io.Writer, front to
// back, so that a backup can be streamed. Reader reads it likewise and hands out only
// bytes whose block was verified. Verify works out all digests anew; Restore lays the
// parts into an empty data directory, through the packages that own the files there.
//
// # The file
//
// Numbers are little-endian, crc is crc32c (Castagnoli), values are msgpack.
//
//	+-------+---------+------+-----+
//	| magic | version | made | crc |                       head
//	| 8     | 1       | 8    | 4   |
//	+-------+---------+------+-----+
//	+------+--------+-----+---------+
//	| kind | length | crc | payload |                      block 0 …
//	| 1    | 4      | 4   | length  |
//	+------+--------+-----+---------+
//
//	field         meaning
//	magic         "thrgback"
//	version       1; a file with a higher one is refused
//	made          when the backup was begun, µs since 1970
//	crc of head   over all before it; the seed of all others
//	crc of block  over u64 number of the block, kind, length, payload
//
// A part is a block that begins it, blocks of data, and one that ends it. Behind the last
// part comes the index, and behind that nothing:
//
//	kind   payload
//	begin  [kind of part, shard, term, log index]
//	data   1 to BlockBytesMax bytes of the part
//	end    [bytes of data, rows, digest]
//	index  [parts, blocks before this, bytes of data,
//	        [kind of part, shard, term, log index, offset, bytes, rows, digest] …]
//
// Parts come in this order:
//
//	node     one: [version, node, [key, value]… of its settings]
//	shard    one for each, from 0: a snapshot as package shard encodes it; its digest is
//	         the shard's, at the point (term, log index)
//	records  one: a zstd stream of chunks (package grid/pack) of
//	         [0, name, schema]                    a table; schema as durable/record has it
//	         [1, key, columns, bytes, document]  a row of it, in the order of keys;
//	         [2, document]                        more of its document, if it is large
//	         [3, tables, rows]                    the end
//	         its digest is the xxhash64 of these values with all of each document in one,
//	         without the last
//	keys     at most one, only if asked for: [name, text]… of the node's secret files
//
// # Invariants
//
//	I1  All parts show one moment: no shard has applied what another shard, or a record,
//	    shows the cause of and that one's part does not. Who makes a Source sees to it.
//	I2  A Reader hands out only bytes whose block was verified, and io.EOF only behind an
//	    index that says just what was read, and at the end of the file: every flipped bit
//	    and every cut is an error.
//	I3  A data directory has the file Unfinished from before the first byte of a restore
//	    until all of it is on disk and was read back with the digests of the backup.
//
// # Goroutines
//
// Nothing here starts one; everything belongs to its caller.
//
// # Failure
//
// What is not as it was written is a *CorruptionError, which says at which byte. A restore
// that fails leaves what it wrote, and Unfinished, so that the directory serves nobody:
// remove it.
//
// # Limits
//
// PartsMax parts, BlockBytesMax in a block, NodeBytesMax for the node and for the keys.
// A reader holds one block, and what who decodes a part holds: one slot at a time in
// Verify, one transaction of rows in Restore.
package backup
