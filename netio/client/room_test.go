package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
)

// line is a client's way to its server: it can be cut, and held down.
type line struct {
	mu   sync.Mutex
	conn net.Conn
	down bool
}

func (l *line) dial(ctx context.Context, addr string) (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return nil, errors.New("the line is down")
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	l.conn = conn
	return conn, err
}

// cut ends the connection; with hold, until up there is no other.
func (l *line) cut(hold bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = hold
	l.conn.(*net.TCPConn).SetLinger(0)
	l.conn.Close()
}

func (l *line) up() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = false
}

// onLine connects a player over a line.
func onLine(t *testing.T, n *node, id string) (*Client, *line) {
	t.Helper()
	l := &line{}
	c, err := Dial(within(t), n.addr, Options{Credential: Custom(id), Dial: l.dial})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, l
}

// next returns the next event of a kind.
func next(t *testing.T, s *Stream, kind EventKind) Event {
	t.Helper()
	for {
		e, err := s.Next(within(t))
		if err != nil {
			t.Fatalf("wait for an event of kind %d: %v", kind, err)
		}
		if e.Kind == kind {
			return e
		}
	}
}

func TestRoom(t *testing.T) {
	n := startNode(t, "127.0.0.1:0")
	ann, bob := connect(t, n.addr, Custom("player-ann")), connect(t, n.addr, Custom("player-bob"))
	ctx := within(t)
	a := must[*Room](t)(ann.Join(ctx, "lobby", JoinOptions{Status: "here"}))
	if _, err := ann.Join(ctx, "lobby", JoinOptions{}); fault.CodeOf(err) != fault.AlreadyExists {
		t.Errorf("joined twice: %v", err)
	}
	if _, err := a.Send(ctx, "before"); err != nil {
		t.Fatal(err)
	}
	if m := next(t, a.Stream, MessageSent).Message; m.Content != "before" {
		t.Errorf("%q came, want what was sent", m.Content)
	}
	b := must[*Room](t)(bob.Join(ctx, "lobby", JoinOptions{}))
	all := must[presence.ListReply](t)(b.Presences(ctx, 0, 10))
	if all.Count != 2 || len(all.Members) != 2 || all.Members[0].Status != "here" {
		t.Errorf("presences: %+v", all)
	}
	joined := next(t, a.Stream, PresenceChanged).Presence
	for joined.Count < 2 {
		joined = next(t, a.Stream, PresenceChanged).Presence
	}
	sent, err := b.Send(ctx, "hello")
	if err != nil || sent.Seq != 2 {
		t.Fatalf("sent: %+v, %v", sent, err)
	}
	if m := next(t, b.Stream, MessageSent).Message; m.Content != "hello" || m.Sender != bob.User() {
		t.Errorf("who joined later is given %+v", m)
	}
	if m := next(t, a.Stream, MessageSent).Message; m.Content != "hello" {
		t.Errorf("%q came, want what was sent", m.Content)
	}
	if _, err := b.Update(ctx, sent.Seq, "hello all"); err != nil {
		t.Fatal(err)
	}
	if m := next(t, a.Stream, MessageChanged).Message; m.Content != "hello all" {
		t.Errorf("changed to %q", m.Content)
	}
	if _, err := a.Remove(ctx, sent.Seq); fault.CodeOf(err) != fault.PermissionDenied {
		t.Errorf("removed another's message: %v", err)
	}
	if err := a.Signal(ctx, "typing"); err != nil {
		t.Fatal(err)
	}
	if s := next(t, b.Stream, Signaled).Signal; s.Content != "typing" || s.Sender != ann.User() {
		t.Errorf("signal: %+v", s)
	}
	if err := b.Leave(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Send(ctx, "gone"); fault.CodeOf(err) != fault.FailedPrecondition {
		t.Errorf("sent from outside: %v", err)
	}
}

// What a member is given has no gap and nothing twice, though its line is cut
// again and again.
func TestCutLinesLoseNothing(t *testing.T) {
	n := startNode(t, "127.0.0.1:0")
	ann, l := onLine(t, n, "player-ann")
	bob := connect(t, n.addr, Custom("player-bob"))
	ctx := within(t)
	a := must[*Room](t)(ann.Join(ctx, "lobby", JoinOptions{}))
	b := must[*Room](t)(bob.Join(ctx, "lobby", JoinOptions{}))
	const messages = 400
	var talking sync.WaitGroup
	talking.Go(func() {
		for i := range messages {
			if _, err := b.Send(ctx, fmt.Sprint(i)); err != nil {
				t.Errorf("send %d: %v", i, err)
			}
		}
	})
	for i := range messages {
		if m := next(t, a.Stream, MessageSent).Message; m.Content != fmt.Sprint(i) {
			t.Fatalf("message %d came, want %d", m.Seq, i)
		}
		if i%50 == 20 {
			l.cut(false)
		}
	}
	talking.Wait()
	if s := ann.Stats(); s.Connects < 2 || s.Resumed != s.Connects-1 {
		t.Errorf("%+v: want a session that was resumed each time", s)
	}
}

// A session that was ended while its line was down is replaced by another one,
// which enters the streams again before it writes.
func TestALostSessionIsReplaced(t *testing.T) {
	n := startNode(t, "127.0.0.1:0")
	ann, l := onLine(t, n, "player-ann")
	bob := connect(t, n.addr, Custom("player-bob"))
	studio := connect(t, n.addr, ServerKey(testKey))
	ctx := within(t)
	a := must[*Room](t)(ann.Join(ctx, "lobby", JoinOptions{Status: "here"}))
	must[*Stream](t)(ann.TrackStatus(ctx, "online"))
	b := must[*Room](t)(bob.Join(ctx, "lobby", JoinOptions{}))
	first := ann.Session()

	l.cut(true)
	r := session.EndRequest{Session: first, User: ann.User()}
	if end, err := studio.EndSession(ctx, r); err != nil || !end.Ended {
		t.Fatalf("end a session: %+v, %v", end, err)
	}
	if _, err := b.Send(ctx, "while away"); err != nil {
		t.Fatal(err)
	}
	l.up()
	if m := next(t, a.Stream, MessageSent).Message; m.Content != "while away" {
		t.Errorf("%q came", m.Content)
	}
	if _, err := a.Send(ctx, "back"); err != nil {
		t.Errorf("send with the new session: %v", err)
	}
	if now := ann.Session(); now == first || now == 0 {
		t.Errorf("the session is %d, and was %d", now, first)
	}
	all := must[presence.ListReply](t)(b.Presences(ctx, 0, 10))
	for _, m := range all.Members {
		if m.Session == first {
			t.Errorf("the session that ended is still there: %+v", all)
		}
	}
	if all.Count != 2 {
		t.Errorf("%d are present, want 2", all.Count)
	}
	list := must[session.ListReply](t)(ann.Sessions(ctx, session.ListRequest{}))
	if len(list.Sessions) != 1 || len(list.Sessions[0].Keys) != 2 {
		t.Errorf("the user's sessions: %+v", list)
	}
}

// Messages come in order though a member does not take them for long.
func TestALateListener(t *testing.T) {
	n := startNode(t, "127.0.0.1:0")
	ann := connect(t, n.addr, Custom("player-ann"))
	ctx := within(t)
	a := must[*Room](t)(ann.Join(ctx, "lobby", JoinOptions{FromStart: true}))
	const messages = 150 // fewer than the tail holds: nothing archives here
	for i := range messages {
		if _, err := a.Send(ctx, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range messages {
		if m := next(t, a.Stream, MessageSent).Message; m.Seq != uint64(i+1) {
			t.Fatalf("message %d came, want %d", m.Seq, i+1)
		}
	}
	again := connect(t, n.addr, Custom("player-bob"))
	b := must[*Room](t)(again.Join(ctx, "lobby", JoinOptions{FromStart: true, After: 100}))
	if m := next(t, b.Stream, MessageSent).Message; m.Seq != 101 {
		t.Errorf("message %d came behind 100", m.Seq)
	}
	if err := ann.Close(); err != nil {
		t.Fatal(err)
	}
	for err := error(nil); err == nil; {
		_, err = a.Next(ctx)
	}
}

func TestTrackOnlyOnesOwnStatus(t *testing.T) {
	n := startNode(t, "127.0.0.1:0")
	ann := connect(t, n.addr, Custom("player-ann"))
	ctx := within(t)
	_, err := ann.track(ctx, string(grid.StatusKey(nil, grid.ID{1})), "spy", nil)
	if fault.CodeOf(err) != fault.PermissionDenied {
		t.Errorf("another's status stream: %v", err)
	}
	s := must[*Stream](t)(ann.Track(ctx, "world", "idle"))
	if err := s.SetStatus(ctx, "busy"); err != nil {
		t.Fatal(err)
	}
	for e := next(t, s, PresenceChanged); ; e = next(t, s, PresenceChanged) {
		if u := e.Presence.Updated; len(u) == 1 && u[0].Status == "busy" {
			break
		}
	}
}
