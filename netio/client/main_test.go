package client

import (
	"testing"

	"go.uber.org/goleak"
)

// The server of these tests is netio's, whose gnet starts a pool of workers
// when it is imported, which never ends.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }
