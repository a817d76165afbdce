package client

import (
	"context"

	"github.com/thronggrid/throng/grid/session"
)

// Sessions returns sessions of a user, the client's own where none is named.
// Only servers may name another.
func (c *Client) Sessions(
	ctx context.Context, r session.ListRequest, o ...ReadOption,
) (session.ListReply, error) {
	k := c.begin(session.KindList, false, r.Fields())
	k.ask(o)
	k.body = r.Append(k.body)
	return finish(ctx, c, k, session.DecodeListReply)
}

// EndSession ends a session at once, where Close leaves it to be resumed for a
// while: it leaves its streams, and its connection is closed. Without a session
// named it is the client's own, and the client is of no more use.
func (c *Client) EndSession(ctx context.Context, r session.EndRequest) (session.EndReply, error) {
	k := c.begin(session.KindEnd, true, r.Fields())
	k.again, k.body = true, r.Append(k.body)
	return finish(ctx, c, k, session.DecodeEndReply)
}
