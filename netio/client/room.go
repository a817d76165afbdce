package client

import (
	"context"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
)

// Room is a chat room that the session has joined. Next, of its Stream, gives its
// messages, each once and in order, whatever becomes of connections and sessions
// meanwhile, besides signals and who comes and goes.
type Room struct{ *Stream }

// JoinOptions says how to join a room. The zero value gives the messages that are
// sent from now on.
type JoinOptions struct {
	Status string // of the session's presence
	// FromStart asks for the messages sent before too: those behind After, the
	// number of the last one that is known already; 0: all there are.
	FromStart bool
	After     uint64
}

// follow is how far a room was read, guarded by Client.mu.
type follow struct {
	reader *chat.Reader // nil: it is not known yet where to begin
	gone   *Event       // a message that follows others which are gone
}

func (f *follow) behind() {
	if f.reader != nil {
		f.reader.Lost()
	}
}

// next returns the next event of the room's messages.
func (f *follow) next() (Event, bool) {
	if f == nil || f.reader == nil {
		return Event{}, false
	}
	if f.gone != nil {
		e := *f.gone
		f.gone = nil
		return e, true
	}
	m, gone, ok := f.reader.Next()
	if !ok {
		return Event{}, false
	}
	e := Event{Kind: MessageSent, Message: m}
	if gone > 0 {
		f.gone = &e
		return Event{Kind: MessagesGone, Gone: gone}, true
	}
	return e, true
}

// fetch returns from where messages are to be read; 0: none.
func (f *follow) fetch() uint64 {
	if f == nil || f.reader == nil {
		return 0
	}
	from, _ := f.reader.Fetch()
	return from
}

func roomKey(room string) string { return string(grid.AppendKey(nil, grid.StreamRoom, room)) }

// Join makes the session present in a chat room, and returns once it is.
func (c *Client) Join(ctx context.Context, room string, o JoinOptions) (*Room, error) {
	f := &follow{}
	s, err := c.track(ctx, roomKey(room), o.Status, f)
	if err != nil {
		return nil, err
	}
	if !o.FromStart {
		info, err := c.info(ctx, s.key, nil)
		if err != nil {
			c.giveUp(s, err)
			return nil, err
		}
		o.After = info.Last
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f.reader = chat.NewReader(o.After)
	s.signal()
	return &Room{s}, nil
}

// Send sends a message to the room. It is kept, and reaches every member.
func (r *Room) Send(ctx context.Context, content string) (chat.SendReply, error) {
	return r.client.Say(ctx, chat.SendRequest{Key: r.key, Content: content})
}

// Update gives a message another content. Players may do so with their own, while
// it is among the newest of the room.
func (r *Room) Update(ctx context.Context, seq uint64, content string) (chat.ChangeReply, error) {
	q := chat.UpdateRequest{Key: r.key, Seq: seq, Content: content}
	k := r.client.begin(chat.KindUpdate, true, q.Fields())
	k.body = q.Append(k.body)
	return finish(ctx, r.client, k, chat.DecodeChangeReply)
}

// Remove takes the content of a message away, for good. Who may update a message
// may remove it.
func (r *Room) Remove(ctx context.Context, seq uint64) (chat.ChangeReply, error) {
	q := chat.RemoveRequest{Key: r.key, Seq: seq}
	k := r.client.begin(chat.KindRemove, true, q.Fields())
	k.body = q.Append(k.body)
	return finish(ctx, r.client, k, chat.DecodeChangeReply)
}

// Signal shows something to all who are in the room now. It is kept nowhere.
func (r *Room) Signal(ctx context.Context, content string) error {
	q := chat.SignalRequest{Key: r.key, Content: content}
	k := r.client.begin(chat.KindSignal, false, q.Fields())
	k.body = q.Append(k.body)
	_, err := finish(ctx, r.client, k, decodeNothing)
	return err
}

// History returns messages of the room. From is a number in it, or 0 for the end
// where the direction begins; limit is at most chat.HistoryMessagesMax.
func (r *Room) History(
	ctx context.Context, from uint64, limit int, backward bool, o ...ReadOption,
) (chat.HistoryReply, error) {
	q := chat.HistoryRequest{Key: r.key, From: from, Limit: limit, Backward: backward}
	return r.client.history(ctx, q, o)
}

// Say sends a message to a room that the session need not have joined through
// this client; a server need not have joined it at all.
func (c *Client) Say(ctx context.Context, q chat.SendRequest) (chat.SendReply, error) {
	k := c.begin(chat.KindSend, true, q.Fields())
	k.body = q.Append(k.body)
	return finish(ctx, c, k, chat.DecodeSendReply)
}

func (c *Client) history(
	ctx context.Context, q chat.HistoryRequest, o []ReadOption,
) (chat.HistoryReply, error) {
	k := c.begin(chat.KindHistory, false, q.Fields())
	k.ask(o)
	k.body = q.Append(k.body)
	return finish(ctx, c, k, chat.DecodeHistoryReply)
}

func (c *Client) info(ctx context.Context, key string, o []ReadOption) (chat.InfoReply, error) {
	q := chat.InfoRequest{Key: key}
	k := c.begin(chat.KindInfo, false, q.Fields())
	k.ask(o)
	k.body = q.Append(k.body)
	return finish(ctx, c, k, chat.DecodeInfoReply)
}
