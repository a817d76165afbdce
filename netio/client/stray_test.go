package client

import (
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/netio/wire"
)

// A paused server answers, when it goes on, a hello that the client has given up: the
// session is replaced by a connection that nobody reads, and the client takes it back. When
// it is replaced once more, somebody else has it.
func TestSessionTakenByAHelloThatWasGivenUp(t *testing.T) {
	const given = 2 // the connection whose hello is not answered in time
	answered := false
	s := &script{
		hello: func(c *scripted, f wire.Frame) {
			if c.number == given {
				return
			}
			w := wire.Welcome{Version: 1, User: grid.UserID("custom", "x"), RequestsMax: 64,
				FrameBytesMax: 4096, Session: 1, Resumed: c.number > 1}
			c.reply(f, w.Append(nil))
		},
		serve: func(c *scripted, f wire.Frame) {
			switch {
			case f.Kind != leaderboard.KindSubmit: // a ping: the client shows that it is back
			case c.number == 1:
				c.Close()
			case c.number == given+1, answered:
				c.goodbye(wire.SessionReplaced)
				c.Close()
			default:
				answered = true
				c.submitted(f)
			}
		},
	}
	c, err := Dial(within(t), startScript(t, s), Options{
		Credential: Custom("player-x"), PingEvery: time.Hour, HelloIn: 100 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	submit := func() error {
		_, err := c.Submit(within(t), leaderboard.SubmitRequest{Board: "b", Score: 1})
		return err
	}
	if err := submit(); err != nil {
		t.Errorf("replaced by its own: %v", err)
	}
	if err := submit(); fault.CodeOf(err) != fault.FailedPrecondition {
		t.Errorf("replaced by somebody else: %v", err)
	}
}
