package config

import (
	"slices"
	"strconv"
	"testing"

	"github.com/thronggrid/throng/grid"
)

// TestEveryBoundHasItsKey: the keys that errors name are there, and set what they say.
func TestEveryBoundHasItsKey(t *testing.T) {
	for b := range grid.Bound(len(grid.Limits{})) {
		set := 3
		if b == grid.TailBytesBound {
			set = 5000
		}
		c, err := Load(Sources{Flags: []Setting{{b.Key(), strconv.Itoa(set)}}})
		if err != nil {
			t.Error(err)
			continue
		}
		if got := c.State.Bounds(); got.Of(b) != set {
			t.Errorf("%s is set to %d and is %d", b.Key(), set, got.Of(b))
		}
		at := slices.IndexFunc(c.Keys(), func(k Key) bool { return k.Name == b.Key() })
		if !c.Keys()[at].Reloadable {
			t.Errorf("%s cannot be changed while running", b.Key())
		}
	}
}
