// Package disk is what all that is durable shares in dealing with a disk.
//
// MakeDir makes directories so that a power cut does not take them back: a new
// name is durable only once the directory that holds it was synced.
//
// A Latch remembers the first failure of a disk for ever and calls Fatal with
// it, once: after a failed sync the page cache may lie, so nothing is retried
// and the process ends. A Guard is a file system that stands between Pebble and
// the disk and latches what fails there; Listen latches what Pebble itself calls
// fatal. guard.go tells why the disk is frozen then.
//
// Seal puts a checksum into a stored value, so that it cannot stand under
// another's key.
//
//	I1  The first failure latches, and no later one takes its place.
//	I2  Once something is latched, nothing on the disk below a Guard changes.
//
// Everything may be called from any goroutine. Fatal is called on the goroutine
// that met the failure, possibly below Pebble's locks.
package disk
