package sim

import (
	"math"
	"slices"

	"github.com/anishathalye/porcupine"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
)

// operate does one random operation and records it.
func (c *client) operate() {
	in := input{kind: opKind(c.rand.IntN(4)), board: c.rand.IntN(len(boards)),
		owner: c.rand.IntN(ownersPerBoard), score: int64(1 + c.rand.IntN(20))}
	if in.kind == opRemove && c.rand.IntN(3) > 0 {
		in.kind = opSubmit
	}
	if in.kind >= opRank && c.rand.IntN(3) == 0 {
		in.kind = opSubmit
	}
	called := c.w.event()
	out, fate := c.do(in)
	o := porcupine.Operation{ClientId: c.name, Input: in, Call: called, Output: out, Return: c.w.event()}
	switch {
	case fate == failed: // it did not happen: if it did, others' histories say so
		c.w.count(func(s *stats) { s.failed++ })
		return
	case fate == unknown && in.kind >= opRank:
		return // it changed nothing and says nothing
	case fate == unknown:
		o.Return = math.MaxInt64
		c.name = c.w.name()
	}
	c.w.record(o, fate == done)
}

func (c *client) do(in input) (output, fate) {
	name, owner := boards[in.board].name, ownerID(in.owner)
	switch in.kind {
	case opSubmit:
		c.w.willWrite(in)
		r := leaderboard.SubmitRequest{Board: name, Owner: owner, Score: in.score}
		a, fate := c.write(ops[leaderboard.KindSubmit], name, fields(r.Fields(), r.Append))
		if fate != done {
			return output{}, fate
		}
		cur := pack.NewCursor(a.body)
		reply, err := leaderboard.DecodeSubmitReply(&cur)
		c.w.failIf(err != nil || a.status != 0, "submit: status %d, %v", a.status, err)
		return output{known: true, score: reply.Score, changed: reply.Changed}, done
	case opRemove:
		r := leaderboard.RemoveRequest{Board: name, Owner: owner}
		a, fate := c.write(ops[leaderboard.KindRemove], name, fields(r.Fields(), r.Append))
		if fate != done {
			return output{}, fate
		}
		cur := pack.NewCursor(a.body)
		reply, err := leaderboard.DecodeRemoveReply(&cur)
		c.w.failIf(err != nil || a.status != 0, "remove: status %d, %v", a.status, err)
		return output{known: true, changed: reply.Removed}, done
	case opRank:
		r := leaderboard.OwnersRequest{Board: name, Owners: []grid.ID{owner}}
		return c.look(in, ops[leaderboard.KindOwners], fields(r.Fields(), r.Append))
	default:
		r := leaderboard.PageRequest{Board: name, Rank: 1, Limit: ownersPerBoard}
		return c.look(in, ops[leaderboard.KindPage], fields(r.Fields(), r.Append))
	}
}

// look reads records. Those of a stale read need only be plausible, and say
// nothing to the history.
func (c *client) look(in input, op grid.Op, body []byte) (output, fate) {
	level := []grid.Level{grid.Leader, grid.Leader, grid.Linearizable, grid.Stale}[c.rand.IntN(4)]
	reply, ok := c.read(level, op, boards[in.board].name, body)
	if !ok {
		return output{}, unknown
	}
	cur := pack.NewCursor(reply)
	page, err := leaderboard.DecodePageReply(&cur)
	c.w.failIf(err != nil, "decode a page: %v", err)
	out := output{known: true}
	for _, r := range page.Records {
		out.records = append(out.records, seen{int(r.Owner[0]), r.Score, int(r.Rank)})
	}
	if level != grid.Stale {
		return out, done
	}
	c.w.plausible(in, out.records)
	return output{}, unknown
}

func ownerID(n int) grid.ID { return grid.ID{byte(n), 1} }

var ops = func() map[grid.Kind]grid.Op {
	m := make(map[grid.Kind]grid.Op)
	for _, o := range slices.Concat(leaderboard.Ops(), session.Ops(), presence.Ops()) {
		m[o.Kind] = o
	}
	return m
}()

// fields returns the array that a request's fields make: the canonical body.
func fields(n int, add func([]byte) []byte) []byte { return add(pack.AppendArray(nil, n)) }

// create makes the boards of a run; false when that did not succeed in time.
func (c *client) create() bool {
	c.patient = true
	for _, b := range boards {
		r := leaderboard.CreateRequest{Board: b.name, Operator: b.operator}
		a, fate := c.write(ops[leaderboard.KindCreate], b.name, fields(r.Fields(), r.Append))
		if fate != done || a.status != 0 {
			return false
		}
	}
	return true
}
