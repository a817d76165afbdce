package chat

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// part is what a slot knew of a page whose beginning is in the archive:
// [first, last, from, to, [amendment, …], [message, …]]. All that the slot had let
// go of was durable in the archive before, so reading there afterwards, below the
// tail as it was, leaves no gap and gives nothing twice.
type part struct {
	first, last uint64
	below       Range    // what to read
	amended     [][]byte // of it, not archived then
	rows        [][]byte // the tail's share
}

func (p *part) decode(b []byte) error {
	in := pack.NewCursor(b)
	more := in.Fields(6)
	p.first, p.last = in.Uint(), in.Uint()
	p.below = Range{From: in.Uint(), To: in.Uint()}
	p.amended, p.rows = readRows(&in), readRows(&in)
	return in.End(more)
}

// readRows returns views of messages, which are not looked at.
func readRows(in *pack.Cursor) [][]byte {
	n := in.Array()
	rows := make([][]byte, 0, min(n, HistoryMessagesMax))
	for range n {
		rows = append(rows, in.Raw())
	}
	return rows
}

// completer finishes pages with what the archive has.
type completer struct{ archive Archive }

// history is the Complete of chat.history.
func (c completer) history(body, partial, out []byte) ([]byte, error) {
	in := pack.NewCursor(body)
	var q historyQuery
	if err := q.decode(&in, in.Array()); err != nil {
		return out, fault.Of(err)
	}
	var p part
	if err := p.decode(partial); err != nil {
		return out, fault.New(fault.Internal, "decode a part of a page: %v", err)
	}
	rows, err := c.page(&q, &p)
	if err != nil {
		return out, fault.Of(err)
	}
	return appendPage(out, p.first, p.last, rows), nil
}

// page puts the archive's rows before the tail's.
func (c completer) page(q *historyQuery, p *part) ([][]byte, error) {
	g := gatherer{amended: p.amended, Range: p.below, left: HistoryBytesMax}
	g.Limit, g.Backward = q.limit, q.backward
	if q.backward {
		g.takeAll(p.rows)
	}
	newer := len(g.rows)
	r := g.Range
	r.Limit -= newer
	if err := c.archive.Read(string(q.key), r, g.each); err != nil {
		return nil, &fault.Error{Code: fault.Unavailable, Retry: retryArchive, Message: fmt.Sprintf(
			"the archive could not be read: %v; ask again", err)}
	}
	if g.err != nil {
		return nil, g.err
	}
	if q.backward {
		slices.Reverse(g.rows[newer:])
		return slices.Concat(g.rows[newer:], g.rows[:newer]), nil
	}
	g.takeAll(p.rows)
	return g.rows, nil
}

// gatherer gathers a page within its limits.
type gatherer struct {
	rows    [][]byte
	left    int      // bytes that still go in
	full    bool     // a row did not go in, so no other may
	Range            // what the archive may still give, and rows of the page
	amended [][]byte // changes that the archive may lack
	err     error
}

// take adds a row, or returns false when there is no room for it.
func (g *gatherer) take(row []byte) bool {
	g.full = g.full || len(g.rows) >= g.Limit || len(g.rows) > 0 && len(row) > g.left
	if g.full {
		return false
	}
	g.left -= len(row)
	g.rows = append(g.rows, row)
	return true
}

func (g *gatherer) takeAll(rows [][]byte) {
	for _, row := range rows {
		if !g.take(row) {
			return
		}
	}
}

// each takes a row of the archive, with the changes that it may lack.
func (g *gatherer) each(seq uint64, message []byte) bool {
	if seq < g.From || seq > g.To {
		g.err = fault.New(fault.Internal,
			"the archive gave message %d, which is not one of %d to %d: it cannot be trusted",
			seq, g.From, g.To)
		return false
	}
	if g.Backward {
		g.To = seq - 1
	} else {
		g.From = seq + 1
	}
	row := bytes.Clone(message)
	for _, a := range g.amended {
		m, err := parse(a)
		if err == nil && m.Seq != seq {
			continue
		}
		if err == nil {
			row, _, err = Merge(row, a)
		}
		if err != nil {
			g.err = fault.New(fault.Internal, "message %d with its changes: %v", seq, err)
			return false
		}
	}
	return g.take(row)
}
