package wal

import "errors"

// Errors that callers tell apart. Corruption is a *disk.CorruptionError.
var (
	// ErrClosed is returned by every call after Close.
	ErrClosed = errors.New("the log is closed")
	// ErrNotFound is returned by Get and GetUint64 for a key that was never
	// set. Raft compares its text, so it must stay as it is.
	ErrNotFound = errors.New("not found")
)
