package chat

import (
	"errors"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// Query answers one query and appends the reply, one array, to out. On an error,
// which is a *fault.Error, it returns out as it was; with grid.ErrPartial it has
// appended what memory has of the reply, for Op.Complete. It changes nothing and
// may run beside other queries, not beside Apply.
func (c *Channels) Query(kind grid.Kind, body, out []byte) ([]byte, error) {
	in := pack.NewCursor(body)
	n := in.Array()
	reply, err := out, in.Err()
	if err == nil {
		reply, err = c.query(kind, &in, n, out)
	}
	switch {
	case errors.Is(err, grid.ErrPartial):
		return reply, err
	case err != nil:
		return out, fault.Of(err)
	}
	return reply, nil
}

func (c *Channels) query(kind grid.Kind, in *pack.Cursor, n int, out []byte) ([]byte, error) {
	switch kind {
	case KindHistory:
		var q historyQuery
		if err := q.decode(in, n); err != nil {
			return out, err
		}
		return c.history(&q, out)
	case KindInfo:
		var q infoQuery
		if err := q.decode(in, n); err != nil {
			return out, err
		}
		return c.info(&q, out), nil
	}
	return out, fault.New(fault.Unimplemented, "chat has no query %#04x", uint16(kind))
}

// Last returns the number of the last message of a channel; 0: there is none. Like Query it
// may run beside other queries.
func (c *Channels) Last(key []byte) uint64 {
	if x, ok := c.byKey.Get(view(key)); ok {
		return x.last
	}
	return 0
}

func (c *Channels) info(q *infoQuery, out []byte) []byte {
	var first, last uint64
	if x, ok := c.byKey.Get(view(q.key)); ok {
		first, last = x.oldestOf(q.archive), x.last
	}
	return pack.AppendUint(pack.AppendUint(pack.AppendArray(out, 2), first), last)
}

// oldestOf returns the lowest number that there is in the tail, or in the archive
// if there is one.
func (x *channel) oldestOf(archive bool) uint64 {
	if archive && x.oldest != 0 {
		return x.oldest
	}
	return x.first()
}

// history answers from the tail, as far as that goes.
func (c *Channels) history(q *historyQuery, out []byte) ([]byte, error) {
	x, ok := c.byKey.Get(view(q.key))
	if !ok {
		return appendPage(out, 0, 0, nil), nil
	}
	first, oldest := x.first(), x.oldestOf(q.archive)
	var rows [][]byte
	var below Range // what the archive has to add, if it is not empty
	if q.backward {
		to := x.last
		if q.from != 0 {
			to = min(to, q.from)
		}
		rows = x.before(to, q.limit)
		if len(rows) < q.limit && (len(rows) == 0 || to-uint64(len(rows)) < first) {
			below = Range{From: oldest, To: min(to, first-1)}
		}
	} else {
		from := max(q.from, oldest)
		rows = x.from(max(from, first), q.limit)
		below = Range{From: from, To: first - 1}
	}
	if below.From == 0 || below.From > below.To {
		return appendPage(out, oldest, x.last, rows), nil
	}
	return x.appendPart(out, oldest, below, rows), grid.ErrPartial
}

// from returns up to limit messages of the tail from a number on, as many as go
// into a page.
func (x *channel) from(seq uint64, limit int) [][]byte {
	if seq > x.last {
		return nil
	}
	rows := x.tail[seq-x.first():]
	n, left := 0, HistoryBytesMax
	for n < len(rows) && n < limit && (n == 0 || len(rows[n]) <= left) {
		left -= len(rows[n])
		n++
	}
	return rows[:n]
}

// before returns the same for those down from a number, in rising order.
func (x *channel) before(seq uint64, limit int) [][]byte {
	if seq < x.first() {
		return nil
	}
	rows := x.tail[:seq-x.first()+1]
	n, left := len(rows), HistoryBytesMax
	for n > 0 && len(rows)-n < limit && (n == len(rows) || len(rows[n-1]) <= left) {
		n--
		left -= len(rows[n])
	}
	return rows[n:]
}

// appendPage appends a HistoryReply.
func appendPage(out []byte, first, last uint64, rows [][]byte) []byte {
	out = pack.AppendUint(pack.AppendUint(pack.AppendArray(out, 3), first), last)
	return appendRows(out, rows)
}

func appendRows(out []byte, rows [][]byte) []byte {
	out = pack.AppendArray(out, len(rows))
	for _, row := range rows {
		out = append(out, row...)
	}
	return out
}

// appendPart appends what memory has of a page: a part, as it reads it.
func (x *channel) appendPart(out []byte, first uint64, below Range, rows [][]byte) []byte {
	out = pack.AppendUint(pack.AppendUint(pack.AppendArray(out, 6), first), x.last)
	out = pack.AppendUint(pack.AppendUint(out, below.From), below.To)
	var amended [][]byte
	for _, a := range x.amended {
		if m, err := parse(a); err == nil && below.From <= m.Seq && m.Seq <= below.To {
			amended = append(amended, a)
		}
	}
	return appendRows(appendRows(out, amended), rows)
}
