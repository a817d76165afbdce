package client

import (
	"context"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
)

// Batch gathers calls and sends them one behind the other, without waiting for
// answers in between. It belongs to one goroutine at a time.
//
// Calls of a batch go out in the order in which they were added, but writes and
// reads in two rows of their own, and the server may carry out calls for
// different boards in another order. A read that must see a write of the batch
// belongs into the next one.
type Batch struct {
	client  *Client
	calls   []call
	sent    []*call
	bodies  []byte // the requests of calls
	replies []byte // the answers; guarded by Client.mu during Do
	left    int    // calls without an answer; guarded by Client.mu during Do
	done    chan struct{}
	dropped bool // the client may still hold calls of this batch
}

// Result is the answer to one call of a batch, to be had after Do.
type Result[T any] struct {
	batch  *Batch
	index  int
	decode func(*pack.Cursor) (T, error)
}

// Batch returns an empty batch.
func (c *Client) Batch() *Batch { return &Batch{client: c, done: make(chan struct{}, 1)} }

// Len is the number of calls in the batch.
func (b *Batch) Len() int { return len(b.calls) }

// Reset empties the batch for new calls. Results taken before are void.
func (b *Batch) Reset() {
	if b.dropped {
		*b = Batch{client: b.client, done: make(chan struct{}, 1)}
		return
	}
	clear(b.calls)
	clear(b.sent)
	b.calls, b.sent = b.calls[:0], b.sent[:0]
	b.bodies, b.replies = b.bodies[:0], b.replies[:0]
}

// Do sends the calls that were added since the last Do and waits for their
// answers. It returns the first error among them, in the order in which they
// were added; each Result has its own.
func (b *Batch) Do(ctx context.Context) error {
	from := len(b.sent)
	for i := from; i < len(b.calls); i++ {
		b.sent = append(b.sent, &b.calls[i])
	}
	fresh := b.sent[from:]
	if b.left = len(fresh); b.left == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return b.refuse(fresh,
			fault.New(contextCode(err), "the context had ended before the batch"))
	}
	if err := b.client.submit(fresh...); err != nil {
		return b.refuse(fresh, err)
	}
	select {
	case <-b.done:
	case <-ctx.Done():
		b.abandon(fresh, ctx.Err())
	}
	for _, k := range fresh {
		if k.err != nil {
			return k.err
		}
	}
	return nil
}

// abandon stops waiting for calls.
func (b *Batch) abandon(calls []*call, cause error) {
	all := true
	for _, k := range calls {
		if err := b.client.abandon(k, cause); err != nil {
			k.err, b.dropped, all = err, true, false
		}
	}
	if all { // were answered meanwhile
		<-b.done
	}
}

// refuse ends calls that were never handed to the client.
func (b *Batch) refuse(calls []*call, err error) error {
	for _, k := range calls {
		k.finished, k.err = true, err
	}
	return err
}

// answered takes the answer to a call, under Client.mu.
func (b *Batch) answered(k *call, reply []byte) {
	from := len(b.replies)
	b.replies = append(b.replies, reply...)
	k.reply = b.replies[from:len(b.replies):len(b.replies)]
	if b.left--; b.left == 0 {
		b.done <- struct{}{}
	}
}

// Get returns the answer to the call; the error is a *fault.Error.
func (r Result[T]) Get() (T, error) {
	var none T
	if r.batch == nil || r.index >= len(r.batch.sent) {
		return none, fault.New(fault.FailedPrecondition, "the batch was not sent: call Do first")
	}
	k := r.batch.sent[r.index]
	if k.err != nil {
		return none, k.err
	}
	return decoded(k, r.decode)
}

// add appends a call whose fields begin at offset from of bodies.
func add[T any](
	b *Batch, kind grid.Kind, write bool, fields, from int,
	decode func(*pack.Cursor) (T, error),
) Result[T] {
	body := b.bodies[from:len(b.bodies):len(b.bodies)]
	b.calls = append(b.calls, call{
		kind: kind, write: write, fields: fields, body: body, batch: b,
	})
	return Result[T]{batch: b, index: len(b.calls) - 1, decode: decode}
}

// Submit adds a submitted score.
func (b *Batch) Submit(r leaderboard.SubmitRequest) Result[leaderboard.SubmitReply] {
	from := len(b.bodies)
	b.bodies = r.Append(b.bodies)
	return add(b, leaderboard.KindSubmit, true, r.Fields(), from, leaderboard.DecodeSubmitReply)
}

// Remove adds the removal of an owner's record.
func (b *Batch) Remove(r leaderboard.RemoveRequest) Result[leaderboard.RemoveReply] {
	from := len(b.bodies)
	b.bodies = r.Append(b.bodies)
	return add(b, leaderboard.KindRemove, true, r.Fields(), from, leaderboard.DecodeRemoveReply)
}

// Page adds a read of the records from a rank on, or from where another page
// ended.
func (b *Batch) Page(r leaderboard.PageRequest, o ...ReadOption) Result[leaderboard.PageReply] {
	from := len(b.bodies)
	b.bodies = r.Append(b.bodies)
	return b.read(leaderboard.KindPage, r.Fields(), from, o)
}

// Around adds a read of the records around an owner's.
func (b *Batch) Around(
	r leaderboard.AroundRequest, o ...ReadOption,
) Result[leaderboard.PageReply] {
	from := len(b.bodies)
	b.bodies = r.Append(b.bodies)
	return b.read(leaderboard.KindAround, r.Fields(), from, o)
}

// Owners adds a read of the records of some owners.
func (b *Batch) Owners(
	r leaderboard.OwnersRequest, o ...ReadOption,
) Result[leaderboard.PageReply] {
	from := len(b.bodies)
	b.bodies = r.Append(b.bodies)
	return b.read(leaderboard.KindOwners, r.Fields(), from, o)
}

func (b *Batch) read(
	kind grid.Kind, fields, from int, o []ReadOption,
) Result[leaderboard.PageReply] {
	r := add(b, kind, false, fields, from, leaderboard.DecodePageReply)
	b.calls[r.index].ask(o)
	return r
}
