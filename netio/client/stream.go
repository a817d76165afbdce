package client

import (
	"context"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
)

// Stream is a stream on which the session is present, until Leave. When the
// session is lost and another one is opened, the client enters its streams again
// by itself. Its methods may be called from any goroutine, but Next from one at a
// time.
type Stream struct {
	client  *Client
	key     string
	more    chan struct{} // holds a token when there may be something for Next
	entered chan struct{} // closed when the session is on it, or was refused

	// Guarded by Client.mu.
	status  string
	on      bool // has entered once
	pending bool // Client.hold counts it
	err     error
	queue   []Event
	dropped int
	follow  *follow // of a room; else nil
}

// QueueMax is how many events of one stream wait for Next. What comes then is
// dropped, but for a room's messages: these are fetched later.
const QueueMax = 256

const (
	// enterEvery is how often a stream is tracked again while no word has come that
	// the session is on it: the word is a push, and may be lost.
	enterEvery = time.Second
	// holdMax is how long writes wait for streams to be entered again.
	holdMax = 5 * time.Second
)

// TrackStatus makes the session present on its user's own status stream.
func (c *Client) TrackStatus(ctx context.Context, status string) (*Stream, error) {
	return c.track(ctx, string(grid.StatusKey(nil, c.user)), status, nil)
}

// Track makes the session present on a custom stream, and returns once it is.
func (c *Client) Track(ctx context.Context, name, status string) (*Stream, error) {
	return c.track(ctx, string(grid.AppendKey(nil, grid.StreamCustom, name)), status, nil)
}

// track enters a stream.
func (c *Client) track(ctx context.Context, key, status string, f *follow) (*Stream, error) {
	s := &Stream{client: c, key: key, status: status, follow: f,
		more: make(chan struct{}, 1), entered: make(chan struct{})}
	if err := c.adopt(s); err != nil {
		return nil, err
	}
	for {
		if err := s.ask(ctx); err != nil {
			c.giveUp(s, err)
			return nil, err
		}
		timer := time.NewTimer(enterEvery)
		select {
		case <-s.entered:
			timer.Stop()
			return s, s.failure()
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			err := fault.New(contextCode(ctx.Err()),
				"the stream was not entered before the call's context ended")
			c.giveUp(s, err)
			return nil, err
		}
	}
}

// adopt notes a stream of the client's.
func (c *Client) adopt(s *Stream) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mu.streams[s.key] != nil {
		return fault.New(fault.AlreadyExists,
			"this client is on that stream already: use the Stream that it has, or leave it first")
	}
	c.mu.streams[s.key] = s
	return nil
}

// drop forgets a stream, which then gives no events but those that wait.
func (c *Client) drop(s *Stream, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(s, err)
}

// giveUp drops a stream that the session may be on, and takes it off, without
// waiting for that.
func (c *Client) giveUp(s *Stream, err error) {
	k := s.untrack()
	k.hook = func(error) {}
	c.mu.Lock()
	c.forget(s, err)
	if c.mu.err == nil {
		c.enqueue(k)
	}
	c.mu.Unlock()
	c.wake()
}

// forget is drop, under mu.
func (c *Client) forget(s *Stream, err error) {
	if c.mu.streams[s.key] == s {
		delete(c.mu.streams, s.key)
	}
	if s.err == nil {
		s.err = err
	}
	s.settle()
}

// settle notes, under mu, that it is decided whether the session is on the stream.
func (s *Stream) settle() {
	select {
	case <-s.entered:
	default:
		close(s.entered)
	}
	if s.pending {
		s.pending = false
		s.client.mu.hold--
		s.client.wake()
	}
	s.signal()
}

func (s *Stream) failure() error {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	return s.err
}

// ask sends a track request and waits for its answer.
func (s *Stream) ask(ctx context.Context) error {
	s.client.mu.Lock()
	status := s.status
	s.client.mu.Unlock()
	_, err := finish(ctx, s.client, s.request(status), session.DecodeTrackReply)
	return err
}

func (s *Stream) request(status string) *call {
	r := session.TrackRequest{Key: s.key, Status: status}
	k := s.client.begin(session.KindTrack, true, r.Fields())
	k.again, k.body = true, r.Append(k.body)
	return k
}

// rejoin enters all streams again with a new session, under mu; if it was resumed,
// those that it had not entered yet. Writes wait meanwhile: they may need the
// session to be there.
func (c *Client) rejoin(resumed bool) {
	c.mu.hold = 0
	for _, s := range c.mu.streams {
		if !s.on || resumed && !s.pending {
			continue // whoever waits in track asks again
		}
		s.pending = true
		c.mu.hold++
		k := s.request(s.status)
		k.hook = func(err error) {
			if err != nil {
				c.forget(s, err)
			}
		}
		c.enqueue(k)
		s.behind()
	}
	if c.mu.hold == 0 {
		return
	}
	epoch := c.mu.epoch
	time.AfterFunc(holdMax, func() {
		c.mu.Lock()
		if c.mu.epoch == epoch {
			for _, s := range c.mu.streams {
				s.pending = false
			}
			c.mu.hold = 0
		}
		c.mu.Unlock()
		c.wake()
	})
}

// missed notes, under mu, that pushes may have been lost.
func (c *Client) missed() {
	for _, s := range c.mu.streams {
		s.behind()
	}
}

// behind notes, under mu, that pushes of this stream may have been lost.
func (s *Stream) behind() {
	if s.follow != nil {
		s.follow.behind()
		s.signal()
	}
}

// signal tells Next that there may be something for it.
func (s *Stream) signal() {
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// SetStatus changes the status of the session on this stream.
func (s *Stream) SetStatus(ctx context.Context, status string) error {
	s.client.mu.Lock()
	s.status = status
	s.client.mu.Unlock()
	return s.ask(ctx)
}

// Leave takes the session off the stream. Events that have come can still be
// taken; then Next returns an error.
func (s *Stream) Leave(ctx context.Context) error {
	s.client.drop(s, fault.New(fault.Cancelled, "the stream was left"))
	_, err := finish(ctx, s.client, s.untrack(), session.DecodeTrackReply)
	return err
}

func (s *Stream) untrack() *call {
	r := session.UntrackRequest{Key: s.key}
	k := s.client.begin(session.KindUntrack, true, r.Fields())
	k.again, k.body = true, r.Append(k.body)
	return k
}

// Presences returns those present on the stream in order of their sessions, at
// most limit of them, behind the session after; 0: from the first on.
func (s *Stream) Presences(
	ctx context.Context, after grid.SessionID, limit int, o ...ReadOption,
) (presence.ListReply, error) {
	r := presence.ListRequest{Key: []byte(s.key), After: after, Limit: limit}
	k := s.client.begin(presence.KindList, false, r.Fields())
	k.ask(o)
	k.body = r.Append(k.body)
	return finish(ctx, s.client, k, presence.DecodeListReply)
}

// Count returns how many sessions are present on the stream.
func (s *Stream) Count(ctx context.Context, o ...ReadOption) (int, error) {
	r := presence.CountRequest{Key: []byte(s.key)}
	k := s.client.begin(presence.KindCount, false, r.Fields())
	k.ask(o)
	k.body = r.Append(k.body)
	reply, err := finish(ctx, s.client, k, presence.DecodeCountReply)
	return reply.Count, err
}

// Dropped returns how many events have been dropped because QueueMax waited.
func (s *Stream) Dropped() int {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	return s.dropped
}

// streamOf finds the stream of a push by the key that its body begins with,
// under mu. nil: the client is not on it.
func (c *Client) streamOf(body []byte) *Stream {
	in := pack.NewCursor(body)
	in.Array()
	key, err := grid.ReadStream(&in, nil)
	if err != nil {
		return nil
	}
	return c.mu.streams[string(key)]
}
