package chat

import (
	"cmp"
	"slices"
)

// Pending says whether there is something to archive. It takes no time.
func (c *Channels) Pending() bool { return c.behind.Len() > 0 }

// Backlog returns rows that the archive lacks, and what to commit, as bodies of
// KindArchived and in this order, once they are stored. The rows' messages have
// about bytesMax bytes together, but there is at least one row or request while
// there is something pending. Channels come in turns. Like Query it may run beside
// other queries; nothing of what it returns changes afterwards.
func (c *Channels) Backlog(bytesMax int) (rows []Row, done []ArchivedRequest) {
	b, more := backlog{left: bytesMax}, true
	take := func(key string) bool {
		x, _ := c.byKey.Get(key)
		more = b.channel(x)
		return more
	}
	from := c.turn + "\x00" // behind the channel that was last
	c.behind.Ascend(from, take)
	if more {
		c.behind.Ascend("", func(key string) bool { return key < from && take(key) })
	}
	return b.rows, b.done
}

// backlog gathers rows until left bytes are spent.
type backlog struct {
	left int
	rows []Row
	done []ArchivedRequest
}

// row takes a row, or returns false when there is no room for it.
func (b *backlog) row(x *channel, seq, revision uint64, message []byte) bool {
	if len(b.rows) > 0 && len(message) > b.left {
		return false
	}
	b.left -= len(message)
	b.rows = append(b.rows, Row{Key: x.key, Seq: seq, Revision: revision, Message: message})
	return true
}

// channel takes what a channel has for the archive, and returns false when that
// was too much. Changes to archived messages come first: a message that is new to
// the archive comes as it is now, with all changes so far.
func (b *backlog) channel(x *channel) bool {
	ack := ArchivedRequest{Key: x.key, Seq: x.messages.done, Change: x.changed.done}
	before := ack
	all := b.changes(x, &ack) && b.messages(x, &ack)
	if all || ack != before {
		b.done = append(b.done, ack)
	}
	return all
}

// changes takes the changes to messages that are archived.
func (b *backlog) changes(x *channel, ack *ArchivedRequest) bool {
	if !x.changed.open() {
		return true
	}
	for _, r := range x.changedRows() {
		if !b.row(x, r.Seq, r.Revision, r.Message) {
			return false
		}
		ack.Change = r.Revision
	}
	// What else was changed is not archived yet, and will come as it then is.
	ack.Change = x.changes
	return true
}

// changedRows returns the rows that changed since they were archived, by rising
// revision.
func (x *channel) changedRows() (rows []Row) {
	for i, seq := 0, x.first(); i < len(x.tail) && seq <= x.messages.done; i, seq = i+1, seq+1 {
		if revision := revisionOf(x.tail[i]); revision > x.changed.done {
			rows = append(rows, Row{Seq: seq, Revision: revision, Message: x.tail[i]})
		}
	}
	for _, a := range x.amended {
		if m, err := parse(a); err == nil { // which Decode made sure of
			rows = append(rows, Row{Seq: m.Seq, Revision: m.Revision, Message: a})
		}
	}
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(a.Revision, b.Revision) })
	return rows
}

// messages takes the messages that are not archived.
func (b *backlog) messages(x *channel, ack *ArchivedRequest) bool {
	for seq := max(x.messages.done+1, x.first()); seq <= x.messages.wanted; seq++ {
		message := x.tail[seq-x.first()]
		if !b.row(x, seq, revisionOf(message), message) {
			return false
		}
		ack.Seq = seq
	}
	return true
}
