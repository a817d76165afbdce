package cluster

import (
	"fmt"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid/fault"
)

// A start gives up only what asking again cannot change. A node that was wiped is refused
// its address while its former self counts as live, and is told to come back.
func TestRefusedForGood(t *testing.T) {
	for err, want := range map[*fault.Error]bool{
		{Code: fault.FailedPrecondition}:                     true,
		{Code: fault.NotFound}:                               true,
		{Code: fault.FailedPrecondition, Retry: time.Second}: false,
		{Code: fault.Unavailable}:                            false,
		{Code: fault.ResourceExhausted}:                      false,
		{Code: fault.Aborted, Unknown: true}:                 false,
	} {
		if got := refusedForGood(fmt.Errorf("join: %w", err)); got != want {
			t.Errorf("%+v: %v", err, got)
		}
	}
}
