// Package wal is the Raft log and the stable store of all groups of a node, in
// one Pebble instance.
package wal
