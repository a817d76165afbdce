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
// A Space watches how full the disk of a data directory is. About once a second it
// asks the file system; below SpaceOptions.FreeMin it closes a gate (package
// grid/gate), so that nothing new is begun while the log, the tables and the
// snapshots still have room to end what they do. A write that finds no space all
// the same, because something else has filled the disk in between, gets the space of
// the ballast, a file that is there for that alone, and is repeated. Without ballast
// it waits for space, as long as that takes, while everything else is refused and
// reads are served. A Guard asks its Space before it latches such a write; a sync
// that finds no space is a failure like any other. docs/decisions/0012-full-disk.md
// tells why waiting is better than failing.
//
// What belongs to a node can be looked at without changing any of it: ReadOnly shows a file
// system and refuses every change, a View is a Pebble that is only read, and Held says whether
// a process has locked a directory, without a lock.
//
// Seal puts a checksum into a stored value, so that it cannot stand under
// another's key.
//
//	I1  The first failure latches, and no later one takes its place.
//	I2  Once something is latched, nothing on the disk below a Guard changes.
//	I3  A write that waits for space goes on where it stopped: what the disk took of
//	    it is not written again.
//	I4  The gate opens again only when the ballast is there again.
//
// The ballast is the file "ballast" in the data directory; it holds blocks of the disk
// and no data. Nobody may be left waiting: who stops the node lets the Space give up
// before anything else is closed. What waited is then latched as ErrGivenUp, so that
// nothing more is written, and that is no failure of the disk.
//
// Everything may be called from any goroutine. Fatal is called on the goroutine
// that met the failure, possibly below Pebble's locks.
package disk
