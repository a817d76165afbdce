package slot

import (
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/session"
)

// What a command is about is found in its body, whichever it is, and is what it was
// routed by.
func TestSubject(t *testing.T) {
	caller := grid.Caller{User: grid.ID{1}, Server: true, Address: grid.Address{Session: 9}}
	room := func(b []byte) []byte { return grid.AppendStream(b, grid.AppendKey(nil, grid.StreamRoom, "lobby")) }
	number := func(b []byte) []byte { return pack.AppendUint(b, 1) }
	text := func(b []byte) []byte { return pack.AppendString(b, "hi") }
	board := leaderboard.CreateRequest{Board: "b"}
	score := leaderboard.SubmitRequest{Board: "b", Owner: grid.ID{1}}
	record := leaderboard.RemoveRequest{Board: "b", Owner: grid.ID{1}}
	gone := leaderboard.DeleteRequest{Board: "b"}
	end := session.EndRequest{Session: 9}
	requests := map[grid.Kind]struct {
		fields int
		append []func([]byte) []byte
		name   string
	}{
		leaderboard.KindCreate: {board.Fields(), []func([]byte) []byte{board.Append}, "b"},
		leaderboard.KindDelete: {gone.Fields(), []func([]byte) []byte{gone.Append}, "b"},
		leaderboard.KindSubmit: {score.Fields(), []func([]byte) []byte{score.Append}, "b"},
		leaderboard.KindRemove: {record.Fields(), []func([]byte) []byte{record.Append}, "b"},
		session.KindTrack:      {1, []func([]byte) []byte{room}, caller.User.String()},
		session.KindUntrack:    {1, []func([]byte) []byte{room}, caller.User.String()},
		session.KindEnd:        {end.Fields(), []func([]byte) []byte{end.Append}, caller.User.String()},
		chat.KindSend:          {2, []func([]byte) []byte{room, text}, "lobby"},
		chat.KindUpdate:        {3, []func([]byte) []byte{room, number, text}, "lobby"},
		chat.KindRemove:        {2, []func([]byte) []byte{room, number}, "lobby"},
	}
	for _, op := range Ops(nil) {
		if !op.Write {
			continue
		}
		r, known := requests[op.Kind]
		if !known {
			t.Errorf("%s is not tested", op.Name)
			continue
		}
		var b []byte
		for _, f := range r.append {
			b = f(b)
		}
		in := pack.NewCursor(b)
		key, body, err := op.Prepare(&caller, &in, r.fields, nil)
		if err != nil {
			t.Errorf("%s: %v", op.Name, err)
			continue
		}
		c := Command{Kind: op.Kind, Body: body}
		sort, got := c.Subject()
		if sort == NoSubject || string(got) != string(key) || sort.Name(string(got)) != r.name {
			t.Errorf("%s is about %d %q, and went to %q", op.Name, sort, got, key)
		}
	}
	for _, c := range []*Command{
		{Kind: KindDue, Body: AppendDue(nil)},
		{Kind: chat.KindSend, Body: AppendDue(nil)},
		{Kind: chat.KindSend, Body: nil},
		{Kind: 0x7701, Body: pack.AppendString(pack.AppendArray(nil, 1), "b")},
	} {
		if sort, key := c.Subject(); sort != NoSubject {
			t.Errorf("%#x is about %d %q", c.Kind, sort, key)
		}
	}
}

func TestAStripeIsItsBoard(t *testing.T) {
	c := Command{Kind: leaderboard.KindSubmit,
		Body: pack.AppendString(pack.AppendArray(nil, 1), "b\x007b.4.2")}
	if sort, key := c.Subject(); sort != Board || string(key) != "b" {
		t.Errorf("%d %q", sort, key)
	}
}
