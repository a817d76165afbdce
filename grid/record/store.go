package record

import "context"

// Store is where record tables live. Implemented below durable; called by
// features.
type Store interface {
	// View calls f with one moment of the store and returns what f returns.
	View(ctx context.Context, f func(Reader) error) error
	// Update calls f, and stores what it put and deleted if it returns nil; else it
	// returns f's error and stores nothing. It returns nil once all is on disk.
	Update(ctx context.Context, f func(Tx) error) error
}

// Reader reads in one transaction.
type Reader interface {
	// Get returns the row with a key, or nil.
	Get(t *Table, key ...Value) (*Row, error)
	// GetMany returns the rows with at most RowsMax keys, in the order of keys; nil
	// where there is none.
	GetMany(t *Table, keys ...[]Value) ([]*Row, error)
	// Scan returns the rows of a range, or a first part of them.
	Scan(t *Table, r Range) (Page, error)
}

// Tx reads and writes in one transaction. It reads what it has written.
type Tx interface {
	Reader
	// Put stores a row in the place of one with the same key.
	Put(t *Table, r *Row) error
	// Delete removes the row with a key, if there is one.
	Delete(t *Table, key ...Value) error
}
