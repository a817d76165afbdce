// Package ranking is the data structure under every board: a set of records,
// one per owner, that knows the rank of each and the record at each rank, in
// O(log n), without a scan and without a cache to rebuild.
//
// It has three parts:
//
//	table   the records, 40 bytes each, in pages of 256; a record stays where it
//	        is, and its place is its ordinal, 32 bits
//	tree    a B+tree of (score, ordinal) in rank order; each branch counts the
//	        records below each of its children, and that gives ranks
//	index   a hash table of ordinals, from owner to record
//
// A leaf holds nothing but scores and ordinals, 12 bytes a record and no
// pointers: a record's other fields are read only where scores are equal. So a
// record costs about 65 bytes in all, and an update touches one line of the
// index, the record, and two leaves; the rest is in the processor's caches.
//
// # Order
//
// Records rank by ascending score, subscore, stamp, owner. Owners are unique,
// so no two records are equal, whatever the stamps. A board that ranks high
// scores first stores them negated.
//
// # Forks
//
// Fork hands the set on to a successor in O(pages of the table): about 125
// bytes are copied for 1,000 records. Both share all nodes and pages. Each
// node and page carries the generation that may write it; the successor has a
// new one and copies what it writes to first. The predecessor is frozen: it may
// be read by Read, Seek, At and Len, on any goroutine, while the successor changes.
// The index is not copied but goes over to the successor; a predecessor cannot
// Find.
//
// Ordinals of deleted records are used again at once, with predecessors about
// or not. That is safe: a predecessor reaches records through its own list of
// pages alone, and a page in that list is never written again, so an ordinal
// means there what it meant when the fork was made.
//
// # Invariants
//
//	I1  Every record is in exactly one leaf and one place of the index.
//	I2  count[i] of a branch is the number of records below its child i.
//	I3  All leaves are equally deep. No node but the root has fewer entries than
//	    a third of its room; a root that is a branch has two children or more.
//	I4  bound i of a branch is above every record below child i-1 and not above
//	    any below child i. Bound 0 is the bound of the branch itself in the one
//	    above it; on the left edge of the tree it means nothing.
//	I5  A node or page whose generation is not the set's is never written.
//
// # Ownership and failure
//
// A set has one writer. Readers may run at once with each other, not with the
// writer: the caller holds the lock. Nothing here fails but for misuse, which
// panics: an ordinal that is not in the set, or, where package invariant is on,
// an owner inserted twice. The Builder, whose input comes from a file or a peer,
// checks it and returns errors. A set holds up to RecordsMax records; the caller
// keeps to it.
package ranking
