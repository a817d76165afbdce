package load

import (
	"fmt"
	"net"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// Throng returns the dialect of Throng, on boards of these names, as the studio's
// own server. Members is the size of the boards in reads, 0 if unknown.
func Throng(serverKey string, boards []string, members int) func(depth int) Dialect {
	return func(depth int) Dialect {
		return &throng{key: serverKey, boards: boards, members: members, flight: make([]Op, depth)}
	}
}

type throng struct {
	key     string
	boards  []string
	members int
	flight  []Op // by slot
	owner   [OwnerBytes]byte
}

func (t *throng) Open(conn net.Conn) error {
	w, err := Greet(conn, wire.ProviderServer, t.key)
	if err != nil {
		return err
	}
	if int(w.RequestsMax) < len(t.flight) {
		return fmt.Errorf("the server takes %d requests in flight, the load has %d: "+
			"serve with a larger --pending-requests-max", w.RequestsMax, len(t.flight))
	}
	return nil
}

func (t *throng) Append(b []byte, n, low uint64, op Op) []byte {
	t.flight[n%uint64(len(t.flight))] = op
	start, id := len(b), uint32(n+1)
	AppendOwner(t.owner[:0], op.Member)
	owner := grid.ID(t.owner)
	switch op.Kind {
	case Submit:
		r := leaderboard.SubmitRequest{Board: t.boards[op.Board], Owner: owner, Score: op.Score}
		b = pack.AppendArray(wire.Begin(b, leaderboard.KindSubmit, 0, id), r.Fields()+2)
		b = pack.AppendUint(pack.AppendUint(b, n+1), low+1)
		b = r.Append(b)
	case Rank:
		const fields = 2 // OwnersRequest, whose slice of owners would be allocated
		b = pack.AppendArray(wire.Begin(b, leaderboard.KindOwners, 0, id), fields)
		b = pack.AppendArray(pack.AppendString(b, t.boards[op.Board]), 1)
		b = pack.AppendBytes(b, owner[:])
	case Around:
		r := leaderboard.AroundRequest{
			Board: t.boards[op.Board], Owner: owner, Limit: aroundRecords,
		}
		b = pack.AppendArray(wire.Begin(b, leaderboard.KindAround, 0, id), r.Fields())
		b = r.Append(b)
	}
	return wire.End(b, start)
}

// aroundRecords is how many records an Around gives: the owner's and five on
// each side.
const aroundRecords = 11

func (t *throng) Again(b []byte, _ int) []byte { return b }

func (t *throng) Next(b []byte) (Reply, error) {
	f, size, err := wire.Next(b, ReplyBytesMax)
	if err != nil {
		return Reply{}, err
	}
	if size > len(b) {
		return Reply{}, nil
	}
	if f.Kind == wire.KindGoodbye || f.Flags&wire.Error != 0 {
		return Reply{}, refusal(f)
	}
	// Numbers wrap at 2³² and depths need not divide that: a run that long would
	// need a day on one connection.
	slot := int((f.ID - 1) % uint32(len(t.flight)))
	if err := t.verify(f, t.flight[slot]); err != nil {
		return Reply{}, err
	}
	return Reply{Size: size, Slot: slot}, nil
}

// verify says whether a reply can be the answer to an operation.
func (t *throng) verify(f wire.Frame, op Op) error {
	c := pack.NewCursor(f.Body)
	if op.Kind == Submit {
		if f.Kind != leaderboard.KindSubmit {
			return fmt.Errorf("a reply of kind %#x to a submit", uint16(f.Kind))
		}
		r, err := leaderboard.DecodeSubmitReply(&c)
		if err != nil {
			return err
		}
		if r.Score != op.Score || r.Subscore != 0 {
			return fmt.Errorf("set %d, but the record has %d", op.Score, r.Score)
		}
		return nil
	}
	if f.Kind != leaderboard.KindOwners && f.Kind != leaderboard.KindAround {
		return fmt.Errorf("a reply of kind %#x to a read", uint16(f.Kind))
	}
	return t.verifyPage(&c, op)
}

// verifyPage reads the page without keeping it: the owner must be in it, with
// the ranks around it in a row.
func (t *throng) verifyPage(c *pack.Cursor, op Op) error {
	AppendOwner(t.owner[:0], op.Member)
	fields := c.Array()
	total := int(c.Uint())
	records := c.Array()
	found, last := false, 0
	for range records {
		n := c.Array()
		found = string(c.Bytes()) == string(t.owner[:]) || found
		c.Int()
		c.Int()
		c.Int()
		rank := int(c.Uint())
		if rank < 1 || rank > total || last != 0 && rank != last+1 {
			return fmt.Errorf("rank %d behind %d of %d", rank, last, total)
		}
		last = rank
		for range n - 5 {
			c.Skip()
		}
	}
	want := 1
	if op.Kind == Around {
		want = min(aroundRecords, total)
	}
	switch {
	case c.Err() != nil:
		return c.Err()
	case fields < 2 || t.members > 0 && total != t.members:
		return fmt.Errorf("a board of %d records, want %d", total, t.members)
	case !found || records != want:
		return fmt.Errorf("%d records, want %d with the owner asked for", records, want)
	}
	return nil
}

// goodbye is the error that a goodbye of the server stands for.
type goodbye struct{ wire.Goodbye }

func (g *goodbye) Error() string { return "the server said goodbye: " + g.Text }

// refusal is the error that an error reply or a goodbye stands for.
func refusal(f wire.Frame) error {
	c := pack.NewCursor(f.Body)
	if f.Kind == wire.KindGoodbye {
		var g goodbye
		if err := g.Decode(&c); err != nil {
			return err
		}
		return &g
	}
	e, err := fault.Decode(&c)
	if err != nil {
		return err
	}
	return e
}
