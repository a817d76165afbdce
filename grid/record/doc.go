// Package record is the port to record tables: typed rows that live on disk, not
// in the grid's memory. What a player owns for good (an account, a friend, a
// message of long ago) is a row; what changes all the time is grid state.
//
// # Tables and rows
//
// A Table has a name, key columns that name a row and give the order of rows,
// further columns, and indexes over any of them. Beside its columns a row has a
// document: one msgpack map with text keys, or nothing. Columns are what a store
// can search by; what is only ever read goes into the document. Columns have no
// nulls. A unique index is a table of its own, whose key is what must be unique.
//
// # Transactions
//
// View reads one moment of the whole store; Update reads and writes. All
// transactions are serializable: they act as if one ran after the other, and one
// that began after another was acknowledged sees it. An Update that returned nil
// is on disk. Nothing that a transaction has read can be lost when it returns.
//
// A feature is written against Store once. Its tables are package-level values,
// handed to the store when it is opened.
//
//	I1  Rows come in the order of their keys, or of an index's columns and then
//	    of their keys, column by column: bytes and text byte by byte, numbers by
//	    value.
//	I2  The order of encoded tuples (AppendTuple) is the order of the tuples.
//	I3  A transaction that failed has changed nothing, unless its error is
//	    *fault.Error with Unknown.
//	I4  A call of a transaction that failed spoils it: it cannot commit any more.
//
// # Ownership and failure
//
// A Store may be used from any goroutine. A Reader or Tx belongs to the function
// it was handed to, and to one goroutine at a time; no transaction may be begun
// inside another's. That function may be called more than once (a database asks
// for that), so it must have no effect but what it does to its Tx and what it
// sets anew each time. Rows handed out belong to who asked; rows handed in may
// be used again when the call returns.
//
// What a client's request can cause (a name that is too long, a cursor that was
// made up) is a *fault.Error with INVALID_ARGUMENT or RESOURCE_EXHAUSTED; what
// only a mistake of ours can cause is INTERNAL.
//
// # Limits
//
// See limits.go. They are such that a row fits a table of a SQL database: short
// names and keys, no NUL in text, numbers of 63 bits.
package record
