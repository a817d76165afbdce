package history

import (
	"context"
	"fmt"

	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/record"
)

// Table is where messages are. The store must have been opened with it.
var Table = &record.Table{
	Name: "chat_messages",
	Key: []record.Column{
		{Name: "key", Type: record.TypeBytes}, {Name: "seq", Type: record.TypeUint},
	},
	Columns: []record.Column{{Name: "revision", Type: record.TypeUint}},
}

// What Store puts into one transaction, but for a single row that is larger.
const (
	batchRowsMax  = record.RowsMax
	batchBytesMax = record.TransactionBytesMax / 4
)

// Archive is a chat.Archive over a record store.
type Archive struct{ store record.Store }

var _ chat.Archive = (*Archive)(nil)

// New returns the archive that a store keeps.
func New(store record.Store) *Archive { return &Archive{store: store} }

// Store implements chat.Archive.
func (a *Archive) Store(rows []chat.Row) error {
	for len(rows) > 0 {
		n, bytes := 1, len(rows[0].Message)
		for n < min(len(rows), batchRowsMax) && bytes+len(rows[n].Message) <= batchBytesMax {
			bytes += len(rows[n].Message)
			n++
		}
		err := a.store.Update(context.Background(), func(tx record.Tx) error {
			return merge(tx, rows[:n])
		})
		if err != nil {
			return fmt.Errorf("archive %d messages: %w", n, err)
		}
		rows = rows[n:]
	}
	return nil
}

// place is where a message is kept.
type place struct {
	key string
	seq uint64
}

func (p place) values() []record.Value {
	return []record.Value{record.Bytes([]byte(p.key)), record.Uint(p.seq)}
}

// kept is what is stored in a place.
type kept struct {
	place
	message  []byte // nil: nothing
	revision uint64
	changed  bool
}

// merge puts what comes of rows and what is there.
func merge(tx record.Tx, rows []chat.Row) error {
	all, err := load(tx, rows)
	if err != nil {
		return err
	}
	at := make(map[place]*kept, len(all))
	for i := range all {
		at[all[i].place] = &all[i]
	}
	for _, r := range rows {
		k := at[place{r.Key, r.Seq}]
		message, changed, err := chat.Merge(k.message, r.Message)
		if err != nil {
			return fmt.Errorf("message %d of %q: %w", r.Seq, r.Key, err)
		}
		if changed {
			k.message, k.revision, k.changed = message, r.Revision, true
		}
	}
	for i := range all {
		if k := &all[i]; k.changed {
			err := tx.Put(Table, &record.Row{
				Key:     k.values(),
				Columns: []record.Value{record.Uint(k.revision)},
				Doc:     appendDocument(nil, k.message),
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// load reads what is stored in the places of rows, each place once. Most rows are
// new messages, behind all that there are of their channels: one look for each
// channel shows that, in place of one for each row.
func load(tx record.Tx, rows []chat.Row) ([]kept, error) {
	some, err := channels(tx, rows)
	if err != nil {
		return nil, err
	}
	all := make([]kept, 0, len(rows))
	var keys [][]record.Value
	var at []int // of keys, in all
	seen := make(map[place]bool, len(rows))
	for _, r := range rows {
		p := place{r.Key, r.Seq}
		if seen[p] {
			continue
		}
		seen[p] = true
		if some[r.Key] {
			keys, at = append(keys, p.values()), append(at, len(all))
		}
		all = append(all, kept{place: p})
	}
	stored, err := tx.GetMany(Table, keys...)
	if err != nil {
		return nil, err
	}
	for i, row := range stored {
		if row == nil {
			continue
		}
		k := &all[at[i]]
		if k.message, err = messageIn(row.Doc); err != nil {
			return nil, fmt.Errorf("message %d of %q: %w", k.seq, k.key, err)
		}
	}
	return all, nil
}

// channels says of which channels something is stored between the lowest and the
// highest number that rows have of them.
func channels(tx record.Tx, rows []chat.Row) (map[string]bool, error) {
	type span struct{ low, high uint64 }
	spans := make(map[string]span)
	for _, r := range rows {
		s, ok := spans[r.Key]
		if !ok {
			s = span{r.Seq, r.Seq}
		}
		spans[r.Key] = span{min(s.low, r.Seq), max(s.high, r.Seq)}
	}
	some := make(map[string]bool, len(spans))
	for key, s := range spans {
		page, err := tx.Scan(Table, record.Range{
			Prefix: []record.Value{record.Bytes([]byte(key))},
			From:   []record.Value{record.Uint(s.low)}, To: []record.Value{record.Uint(s.high)},
			Limit: 1,
		})
		if err != nil {
			return nil, err
		}
		some[key] = len(page.Rows) > 0
	}
	return some, nil
}

// Read implements chat.Archive.
func (a *Archive) Read(
	key string, r chat.Range, each func(seq uint64, message []byte) bool,
) error {
	if r.From > r.To || r.From > record.UintMax {
		return nil
	}
	rows := record.Range{
		Prefix:   []record.Value{record.Bytes([]byte(key))},
		From:     []record.Value{record.Uint(r.From)},
		To:       []record.Value{record.Uint(min(r.To, record.UintMax))},
		Backward: r.Backward,
	}
	for left := r.Limit; left > 0; {
		rows.Limit = min(left, record.RowsMax)
		page, err := a.page(rows)
		if err != nil {
			return fmt.Errorf("read messages of %q: %w", key, err)
		}
		for _, row := range page.Rows {
			message, err := messageIn(row.Doc)
			if err != nil {
				return fmt.Errorf("message %v of %q: %w", row.Key[1], key, err)
			}
			if !each(row.Key[1].Uint(), message) {
				return nil
			}
		}
		if left -= len(page.Rows); page.Next == nil {
			return nil
		}
		rows.After = page.Next
	}
	return nil
}

func (a *Archive) page(r record.Range) (page record.Page, err error) {
	err = a.store.View(context.Background(), func(rd record.Reader) (err error) {
		page, err = rd.Scan(Table, r)
		return err
	})
	return page, err
}
