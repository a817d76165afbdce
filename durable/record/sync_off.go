//go:build mutant_nofsync

package record

import "github.com/cockroachdb/pebble/v2"

// durability is a planted bug: transactions are acknowledged before they are on
// disk, so that the crash tests can show that they notice.
func durability() *pebble.WriteOptions { return pebble.NoSync }
