package client

import (
	"net"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/wire"
)

// TestAddresses: a client that knows several nodes takes the first that lets it in, and
// goes on with another at once when that one says goodbye, whatever pause it asks for.
func TestAddresses(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := nobody.Addr().String()
	nobody.Close()
	later := wire.Goodbye{Reason: wire.Shutdown, After: time.Hour}
	first := &script{serve: func(c *scripted, f wire.Frame) {
		c.submitted(f)
		c.Write(wire.End(later.Append(wire.Begin(nil, wire.KindGoodbye, 0, 0)), 0))
		c.Close()
	}}
	second := &script{serve: func(c *scripted, f wire.Frame) { c.submitted(f) }}
	list := closed + ", " + startScript(t, first) + "," + startScript(t, second)
	c, err := Dial(t.Context(), list, Options{Credential: Custom("somebody")})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 3 {
		r := leaderboard.SubmitRequest{Board: "weekly", Score: 1}
		if _, err := c.Submit(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.Stats().Connects; got != 2 {
		t.Errorf("%d connections, want one to each node that is up", got)
	}
}

func TestAddressesAreChecked(t *testing.T) {
	for _, list := range []string{"", ",", "a:1,", "a:1,,b:2"} {
		_, err := Dial(t.Context(), list, Options{Credential: Custom("somebody")})
		if fault.CodeOf(err) != fault.InvalidArgument {
			t.Errorf("%q: %v", list, err)
		}
	}
}
