//go:build mutant_nofsync

package wal

import "github.com/cockroachdb/pebble/v2"

// durability is a planted bug: commits are acknowledged before they are on
// disk, so that the crash tests can show that they notice.
func durability() *pebble.WriteOptions { return pebble.NoSync }
