package client

import (
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/wire"
)

// An error that the server has answered names the request by the connection on which it
// was answered, and by the id of the frame that the server has seen.
func TestTraces(t *testing.T) {
	for name, c := range map[string]struct {
		trace uint64
		want  string // of the connection
	}{
		"named":             {0x2a, "000000000000002a"},
		"of an old version": {0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ids := make(chan uint32, 2)
			s := &script{
				serve: func(k *scripted, f wire.Frame) {
					ids <- f.ID
					k.fail(f, fault.Error{Code: fault.NotFound, Message: "not here"})
				},
				hello: func(k *scripted, f wire.Frame) {
					w := wire.Welcome{Version: 1, RequestsMax: 64, FrameBytesMax: 4096, Trace: c.trace}
					k.reply(f, w.Append(nil))
				},
			}
			cl := connect(t, startScript(t, s), Custom("player-0001"))
			if got := cl.Trace(); got != c.want {
				t.Errorf("the connection is %q, want %q", got, c.want)
			}
			for _, err := range []error{read(within(t), cl), submit(within(t), cl)} {
				want := ""
				if id := <-ids; c.trace != 0 {
					want = wire.RequestTrace(c.trace, id)
				}
				e := fault.Of(err)
				if e.Trace != want || strings.HasSuffix(e.Error(), "not here (trace "+want+")") != (want != "") {
					t.Errorf("%v has the trace %q, want %q", err, e.Trace, want)
				}
			}
		})
	}
}
