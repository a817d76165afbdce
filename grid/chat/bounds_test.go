package chat

import (
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
)

// TestContentBound: a content up to what the server was told is taken, by every
// request that has one, and a longer one is refused with the key's name.
func TestContentBound(t *testing.T) {
	c := caller(1)
	c.Limits = &grid.Limits{grid.ContentBytesBound: 10}
	lobby := roomKey("lobby")
	for kind, r := range map[grid.Kind]func(content string) request{
		KindSend:   func(s string) request { return &SendRequest{lobby, s} },
		KindUpdate: func(s string) request { return &UpdateRequest{lobby, 1, s} },
		KindSignal: func(s string) request { return &SignalRequest{lobby, s} },
	} {
		if _, _, err := prepare(nil, &c, kind, r("0123456789")); err != nil {
			t.Errorf("%#04x: 10 of 10 bytes: %v", uint16(kind), err)
		}
		_, _, err := prepare(nil, &c, kind, r("0123456789a"))
		if fault.CodeOf(err) != fault.InvalidArgument ||
			!strings.Contains(err.Error(), "chat_content_bytes_max") {
			t.Errorf("%#04x: 11 of 10 bytes: %v", uint16(kind), err)
		}
	}
}
