package chat

// Archive keeps messages that are no longer in memory. It is implemented by the
// record tables; Store is called by the host's archiver, Read by the workers that
// finish a chat.history. Both may block, and both may be called from any number
// of goroutines at once.
//
// It has at most one row per (Key, Seq). Rows are only ever added or replaced: a
// message that was removed leaves its row, without content.
type Archive interface {
	// Store stores rows, and returns nil only when all of them are durable: they
	// survive a power cut then. On an error any part of them may have been stored.
	//
	// What a row makes of the one that is there is what Merge returns: it lands
	// only on a smaller revision. So rows may come twice, late, and in any order,
	// from archivers that do not know of each other; comparing and writing must be
	// one step. It may keep the rows: nobody changes them.
	Store(rows []Row) error

	// Read calls each with the rows of a range, in its direction, until limit rows
	// were given or each returns false. What is given are views that last until
	// each returns. All that was durable when Read was called is there; what is
	// stored meanwhile may be.
	Read(key string, r Range, each func(seq uint64, message []byte) bool) error
}

// Row is one message for the archive.
type Row struct {
	Key      string // of the stream
	Seq      uint64
	Revision uint64
	Message  []byte // for Merge; never changed
}

// Range is a part of a channel's messages.
type Range struct {
	From, To uint64 // the lowest and the highest number in it
	Limit    int    // at least 1
	Backward bool   // from To down; else from From up
}
