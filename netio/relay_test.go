package netio

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
)

// others notes what would be sent to other nodes.
type others struct {
	sync.Mutex
	staged, sent []string
}

func (o *others) Relay(slot grid.Slot, key []byte, kind grid.Kind, body []byte, outside bool) {
	o.Lock()
	defer o.Unlock()
	o.staged = append(o.staged, fmt.Sprintf("%d %q %#x %x %v", slot, key, kind, body, outside))
}

func (o *others) Flush() {
	o.Lock()
	defer o.Unlock()
	o.sent, o.staged = append(o.sent, o.staged...), nil
}

// TestRelaysToOtherNodes: what a member or a server says is handed on once, before or
// after it is answered; what is refused is not.
func TestRelaysToOtherNodes(t *testing.T) {
	o := &others{}
	s := serve(t, func(x *Options) { x.Relays = o })
	lobby := roomKey("lobby")
	member, stranger, server := s.loginAs(playerHello(1)), s.loginAs(playerHello(2)), s.loginServer()
	member.track(lobby)
	var want []string
	expect := func(text string, outside bool) {
		want = append(want, fmt.Sprintf("%d %q %#x %x %v",
			grid.SlotOf(lobby), lobby, kindSaid, said(lobby, text), outside))
		s.until("it was handed on", func() bool {
			o.Lock()
			defer o.Unlock()
			return slices.Equal(o.sent, want) && len(o.staged) == 0
		})
	}
	member.done(member.say(lobby, "from a member"))
	expect("from a member", false)
	stranger.failure(stranger.say(lobby, "from a stranger"), fault.FailedPrecondition)
	server.done(server.say(lobby, "from a server"))
	expect("from a server", true)
	server.track(lobby)
	server.done(server.say(lobby, "from a server there"))
	expect("from a server there", false)
}
