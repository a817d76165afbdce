//go:build !mutant_nofsync

package wal

import "github.com/cockroachdb/pebble/v2"

// durability is how every commit is written: nothing is acknowledged before it
// is on disk, and there is no switch to weaken that.
func durability() *pebble.WriteOptions { return pebble.Sync }
