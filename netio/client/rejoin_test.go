package client

import (
	"bytes"
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// streamIn returns the key of the stream of a request to track.
func streamIn(f wire.Frame) []byte {
	in := pack.NewCursor(f.Body)
	in.Array()
	in.Uint()
	in.Uint()
	key, err := grid.ReadStream(&in, nil)
	if err != nil {
		panic(err)
	}
	return key
}

// entered answers a track, and pushes that the session is on the stream.
func (c *scripted) entered(f wire.Frame) {
	key := streamIn(f)
	c.reply(f, grid.AppendStream(pack.AppendArray(nil, 1), key))
	b := grid.AppendStream(pack.AppendArray(wire.Begin(nil, presence.KindEntered, 0, 0), 2), key)
	c.Write(wire.End(pack.AppendUint(b, 1), 0))
}

// A client enters its streams again with a new session; when the connection ends
// in the middle of that, and the session is resumed, writes still flow.
func TestResumedWhileEnteringAgain(t *testing.T) {
	s, resumed := &script{}, make(chan struct{}, 4)
	s.hello = func(c *scripted, f wire.Frame) {
		w := wire.Welcome{Version: 1, User: grid.UserID("custom", "x"), RequestsMax: 64,
			FrameBytesMax: 4096, Session: grid.SessionID(min(c.number, 2)), Resumed: c.number > 2}
		c.reply(f, w.Append(nil))
	}
	s.serve = func(c *scripted, f wire.Frame) {
		switch {
		case f.Kind == session.KindTrack && c.number == 2:
			c.Close() // the session is there, and on the stream or not
		case f.Kind == session.KindTrack:
			c.entered(f)
			if c.number == 1 {
				c.Close()
			} else {
				resumed <- struct{}{}
			}
		case f.Kind == leaderboard.KindSubmit:
			c.submitted(f)
		}
	}
	c, err := Dial(within(t), startScript(t, s), Options{Credential: Custom("player-x"),
		PingEvery: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	must[*Stream](t)(c.Track(within(t), "world", ""))
	<-resumed
	b := c.Batch()
	for i := range 40 * grid.RequestsMax {
		b.Submit(leaderboard.SubmitRequest{Board: "b", Owner: owner(i), Score: 1})
	}
	if err := b.Do(within(t)); err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.hold != 0 {
		t.Errorf("%d streams are to be entered before writes may be sent", c.mu.hold)
	}
}

// A signal that comes while a new session enters its streams again waits for that.
func TestSignalWhileEnteringAgain(t *testing.T) {
	s := &script{}
	var entering wire.Frame
	refused := false
	s.hello = func(c *scripted, f wire.Frame) {
		w := wire.Welcome{Version: 1, User: grid.UserID("custom", "x"), RequestsMax: 64,
			FrameBytesMax: 4096, Session: grid.SessionID(c.number)}
		c.reply(f, w.Append(nil))
	}
	s.serve = func(c *scripted, f wire.Frame) {
		switch {
		case f.Kind == session.KindTrack && c.number == 1:
			c.entered(f)
			c.Close()
		case f.Kind == session.KindTrack:
			entering = wire.Frame{Kind: f.Kind, ID: f.ID, Body: bytes.Clone(f.Body)}
		case f.Kind == chat.KindSignal && !refused:
			refused = true
			c.fail(f, fault.Error{Code: fault.FailedPrecondition, Message: "not on that stream"})
			c.entered(entering)
		case f.Kind == chat.KindSignal:
			c.reply(f, []byte{0x90})
		}
	}
	c, err := Dial(within(t), startScript(t, s), Options{Credential: Custom("player-x")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	r := must[*Room](t)(c.Join(within(t), "lobby", JoinOptions{FromStart: true}))
	for c.Session() != 2 {
		runtime.Gosched()
	}
	if err := r.Signal(within(t), "typing"); err != nil {
		t.Error(err)
	}
}

// Who gives up entering a stream, or joining a room that cannot be read, is not
// left there.
func TestGivenUpIsLeft(t *testing.T) {
	tracked, left := make(chan struct{}, 4), make(chan struct{}, 4)
	s := &script{serve: func(c *scripted, f wire.Frame) {
		switch f.Kind {
		case session.KindTrack:
			if grid.StreamKind(streamIn(f)[0]) == grid.StreamRoom {
				c.entered(f)
			} else {
				tracked <- struct{}{} // and no word whether it is on the stream
			}
		case session.KindUntrack:
			left <- struct{}{}
		case chat.KindInfo:
			c.fail(f, fault.Error{Code: fault.Internal, Message: "no reads today"})
		}
	}}
	c, err := Dial(within(t), startScript(t, s), Options{Credential: Custom("player-x")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	ctx, cancel := context.WithCancel(within(t))
	go func() {
		<-tracked
		cancel()
	}()
	if _, err := c.Track(ctx, "world", ""); fault.CodeOf(err) != fault.Cancelled {
		t.Fatalf("tracked without a word: %v", err)
	}
	awaits(t, left)
	if _, err := c.Join(within(t), "lobby", JoinOptions{}); fault.CodeOf(err) != fault.Internal {
		t.Fatalf("joined a room that cannot be read: %v", err)
	}
	awaits(t, left)
}

func awaits(t *testing.T, c chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-within(t).Done():
		t.Fatal("it did not come")
	}
}
