package netio

import (
	"testing"

	"go.uber.org/goleak"
)

// gnet starts a pool of workers when it is imported, which never ends.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }
