//go:build !mutant_nofsync

package record

import "github.com/cockroachdb/pebble/v2"

// durability is how every transaction is made durable before it is acknowledged;
// there is no switch to weaken that.
func durability() *pebble.WriteOptions { return pebble.Sync }
