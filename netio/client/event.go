package client

import (
	"context"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// EventKind says what an Event is.
type EventKind uint8

// The events of streams. Messages come only in rooms.
const (
	// PresenceChanged says who came, went, or has another status.
	PresenceChanged EventKind = iota + 1
	// MessageSent is the next message of the room: each once, in order.
	MessageSent
	// MessageChanged says that a message which was delivered was updated or removed.
	// It is a hint, and may be lost.
	MessageChanged
	// MessagesGone says that the server has some messages no more which would have
	// come next.
	MessagesGone
	// Signaled is a signal. It is a hint, and may be lost.
	Signaled
)

// Event is something that happened on a stream. What is not of its kind is zero.
type Event struct {
	Kind     EventKind
	Presence presence.ChangedEvent // of PresenceChanged
	Message  chat.Message          // of MessageSent and MessageChanged
	Signal   chat.SignalEvent      // of Signaled
	Gone     uint64                // how many messages, of MessagesGone
}

// fetchPause is how long to wait when a page of messages was of no use.
const fetchPause = 20 * time.Millisecond

// Next waits for the next event of the stream. Once the stream was left, or the
// client has ended, it returns why, after the events that had come until then.
func (s *Stream) Next(ctx context.Context) (Event, error) {
	var read uint64
	for {
		e, from, err := s.look()
		switch {
		case err != nil || e.Kind != 0:
			return e, err
		case from > 0:
			if from == read {
				if err := sleep(ctx, fetchPause); err != nil {
					s.lost()
					return Event{}, fault.New(contextCode(err), "no event before the context ended")
				}
			}
			if err := s.read(ctx, from); err != nil {
				return Event{}, err
			}
			read = from
			continue
		}
		select {
		case <-s.more:
		case <-s.client.closed:
		case <-ctx.Done():
			return Event{}, fault.New(contextCode(ctx.Err()), "no event before the context ended")
		}
	}
}

// look returns an event that is there; else from where messages are to be read, if
// any are; else why there will be none.
func (s *Stream) look() (e Event, from uint64, err error) {
	c := s.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(s.queue) > 0 {
		e = s.queue[0]
		s.queue = s.queue[:copy(s.queue, s.queue[1:])]
		return e, 0, nil
	}
	if e, ok := s.follow.next(); ok {
		return e, 0, nil
	}
	switch {
	case s.err != nil:
		return Event{}, 0, s.err
	case c.mu.err != nil:
		return Event{}, 0, c.mu.err
	}
	return Event{}, s.follow.fetch(), nil
}

// read reads messages from a number on for the reader.
func (s *Stream) read(ctx context.Context, from uint64) error {
	r := chat.HistoryRequest{Key: s.key, From: from, Limit: chat.HistoryMessagesMax}
	page, err := s.client.history(ctx, r, nil)
	if err != nil {
		s.lost()
		return err
	}
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	s.follow.reader.Page(from, &page)
	return nil
}

func (s *Stream) lost() {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	s.follow.reader.Lost()
}

// offer queues an event, under mu.
func (s *Stream) offer(e Event) {
	if len(s.queue) >= QueueMax {
		s.dropped++
		return
	}
	s.queue = append(s.queue, e)
	s.signal()
}

// pushed handles a frame that the server sent by itself, under mu. What cannot be
// decoded comes from a later version and is passed over.
func (c *Client) pushed(f wire.Frame) {
	if f.Kind == wire.KindMissed {
		c.missed()
		return
	}
	in := pack.NewCursor(f.Body)
	if f.Kind == session.KindRefused {
		if r, err := session.DecodeRefused(&in); err == nil && c.mu.streams[r.Key] != nil {
			c.forget(c.mu.streams[r.Key], fault.New(r.Code, "%s", r.Message))
		}
		return
	}
	s := c.streamOf(f.Body)
	if s == nil {
		return
	}
	switch f.Kind {
	case presence.KindEntered:
		if e, err := presence.DecodeEnteredEvent(&in); err == nil {
			s.on = true
			s.settle()
			s.entering(&e)
		}
	case presence.KindChanged:
		if e, err := presence.DecodeChangedEvent(&in); err == nil {
			s.offer(Event{Kind: PresenceChanged, Presence: e})
		}
	case chat.KindSignaled:
		if e, err := chat.DecodeSignalEvent(&in); err == nil {
			s.offer(Event{Kind: Signaled, Signal: e})
		}
	case chat.KindAt:
		if e, err := chat.DecodeAtEvent(&in); err == nil {
			s.at(e.Last)
		}
	case chat.KindMessage, chat.KindChanged:
		if e, err := chat.DecodeMessageEvent(&in); err == nil && s.follow != nil {
			s.heard(f.Kind, e.Message)
		}
	}
}

// entering tells the reader from where on messages are pushed, under mu.
func (s *Stream) entering(e *presence.EnteredEvent) {
	if e.Told {
		s.at(e.Last)
	} else {
		s.behind()
	}
}

// at tells the reader which message is the last, under mu.
func (s *Stream) at(last uint64) {
	if s.follow != nil && s.follow.reader != nil {
		s.follow.reader.At(last)
		s.signal()
	}
}

// heard hands a message to the reader, under mu.
func (s *Stream) heard(kind grid.Kind, m chat.Message) {
	r := s.follow.reader
	switch {
	case r == nil: // where to begin is not known yet
	case kind == chat.KindMessage:
		r.Push(m)
		s.signal()
	case r.Changed(m):
		s.offer(Event{Kind: MessageChanged, Message: m})
	default:
		s.signal()
	}
}
