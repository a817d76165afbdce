package client

import (
	"context"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
)

// ReadOption says how a read is to be answered.
type ReadOption struct {
	level grid.Level
	age   *time.Duration
}

// Level asks for a read at a level; the default is grid.Leader.
func Level(l grid.Level) ReadOption { return ReadOption{level: l} }

// Stale asks for a read at level grid.Stale, and stores in age how long ago what was read
// held all that was acknowledged by then: 0 if it does now. It is stored before the answer
// is returned, that of a batch's call by Result.Get.
func Stale(age *time.Duration) ReadOption { return ReadOption{level: grid.Stale, age: age} }

// ask makes the call a read as its options say: the last counts.
func (c *call) ask(options []ReadOption) {
	for _, o := range options {
		c.level, c.age = o.level, o.age
	}
}

// CreateBoard makes a board. Only a server may.
func (c *Client) CreateBoard(
	ctx context.Context, r leaderboard.CreateRequest,
) (leaderboard.CreateReply, error) {
	k := c.begin(leaderboard.KindCreate, true, r.Fields())
	k.body = r.Append(k.body)
	return finish(ctx, c, k, leaderboard.DecodeCreateReply)
}

// DeleteBoard deletes a board with all its records. Only a server may.
func (c *Client) DeleteBoard(
	ctx context.Context, r leaderboard.DeleteRequest,
) (leaderboard.DeleteReply, error) {
	k := c.begin(leaderboard.KindDelete, true, r.Fields())
	k.body = r.Append(k.body)
	return finish(ctx, c, k, leaderboard.DecodeDeleteReply)
}

// Submit submits a score.
func (c *Client) Submit(
	ctx context.Context, r leaderboard.SubmitRequest,
) (leaderboard.SubmitReply, error) {
	k := c.begin(leaderboard.KindSubmit, true, r.Fields())
	k.body = r.Append(k.body)
	return finish(ctx, c, k, leaderboard.DecodeSubmitReply)
}

// Remove takes an owner's record off a board.
func (c *Client) Remove(
	ctx context.Context, r leaderboard.RemoveRequest,
) (leaderboard.RemoveReply, error) {
	k := c.begin(leaderboard.KindRemove, true, r.Fields())
	k.body = r.Append(k.body)
	return finish(ctx, c, k, leaderboard.DecodeRemoveReply)
}

// BoardInfo returns a board's settings and size.
func (c *Client) BoardInfo(
	ctx context.Context, r leaderboard.InfoRequest, o ...ReadOption,
) (leaderboard.InfoReply, error) {
	k := c.begin(leaderboard.KindInfo, false, r.Fields())
	k.ask(o)
	k.body = r.Append(k.body)
	return finish(ctx, c, k, leaderboard.DecodeInfoReply)
}

// Page returns the records from a rank on, or from where another page ended.
func (c *Client) Page(
	ctx context.Context, r leaderboard.PageRequest, o ...ReadOption,
) (leaderboard.PageReply, error) {
	k := c.begin(leaderboard.KindPage, false, r.Fields())
	k.ask(o)
	k.body = r.Append(k.body)
	return finish(ctx, c, k, leaderboard.DecodePageReply)
}

// Around returns the records around an owner's.
func (c *Client) Around(
	ctx context.Context, r leaderboard.AroundRequest, o ...ReadOption,
) (leaderboard.PageReply, error) {
	k := c.begin(leaderboard.KindAround, false, r.Fields())
	k.ask(o)
	k.body = r.Append(k.body)
	return finish(ctx, c, k, leaderboard.DecodePageReply)
}

// Owners returns the records of some owners.
func (c *Client) Owners(
	ctx context.Context, r leaderboard.OwnersRequest, o ...ReadOption,
) (leaderboard.PageReply, error) {
	k := c.begin(leaderboard.KindOwners, false, r.Fields())
	k.ask(o)
	k.body = r.Append(k.body)
	return finish(ctx, c, k, leaderboard.DecodePageReply)
}
