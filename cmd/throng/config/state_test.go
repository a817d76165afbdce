package config

import (
	"slices"
	"testing"

	"github.com/thronggrid/throng/grid"
)

// TestEveryBoundHasItsKey: the keys that errors name are there, and set what they say.
func TestEveryBoundHasItsKey(t *testing.T) {
	for b := range grid.Bound(len(grid.Limits{})) {
		c, err := Load(Sources{Flags: []Setting{{b.Key(), "3"}}})
		if err != nil {
			t.Error(err)
			continue
		}
		if got := c.State.Bounds(); got.Of(b) != 3 {
			t.Errorf("%s is set to 3 and is %d", b.Key(), got.Of(b))
		}
		at := slices.IndexFunc(c.Keys(), func(k Key) bool { return k.Name == b.Key() })
		if !c.Keys()[at].Reloadable {
			t.Errorf("%s cannot be changed while running", b.Key())
		}
	}
}
