package grid

import (
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid/fault"
)

// TestLimits: what is beyond a bound is refused with the name of its key, and without
// one nothing is.
func TestLimits(t *testing.T) {
	var none *Limits
	for b := range bounds {
		if b == TailBytesBound {
			continue // beyond which there is nothing to refuse
		}
		if b.Key() == "" || !strings.HasSuffix(b.Key(), "_max") {
			t.Errorf("bound %d has the key %q", b, b.Key())
		}
		l := &Limits{}
		l[b] = 10
		if err := l.Check(b, 10); err != nil {
			t.Errorf("%s: 10 of 10: %v", b.Key(), err)
		}
		err := l.Check(b, 11)
		if fault.CodeOf(err) != fault.InvalidArgument || !strings.Contains(err.Error(), "11") ||
			!strings.Contains(err.Error(), b.Key()) || strings.Contains(err.Error(), "%!") {
			t.Errorf("%s: 11 of 10: %v", b.Key(), err)
		}
		if none.Check(b, 1<<40) != nil || (&Limits{}).Check(b, 1<<40) != nil {
			t.Errorf("%s: refused without a limit", b.Key())
		}
	}
}
