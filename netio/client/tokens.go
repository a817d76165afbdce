package client

import (
	"context"

	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// Tokens asks for tokens with which the user can connect later, without the
// credential of now: SessionToken and RefreshToken. Only players have tokens.
func (c *Client) Tokens(ctx context.Context) (wire.Tokens, error) {
	k := c.begin(wire.KindToken, false, 0)
	return finish(ctx, c, k, func(in *pack.Cursor) (t wire.Tokens, err error) {
		err = t.Decode(in)
		return t, err
	})
}
