package backup

import (
	"context"
	"errors"

	records "github.com/thronggrid/throng/durable/record"
	"github.com/thronggrid/throng/grid/record"
)

// What is restored in one transaction, but for a row that is larger.
const (
	layRowsMax  = record.RowsMax
	layBytesMax = record.TransactionBytesMax / 4
)

// layer puts rows into the record tables of a new data directory.
type layer struct {
	target *Target
	store  *records.Store // nil: not open
	tables []*record.Table

	at    *record.Table // of the rows that gather
	rows  []*record.Row
	bytes int
}

// layRows writes the record tables.
func (t *Target) layRows(r *Reader) (rows, digest uint64, err error) {
	l := &layer{target: t}
	if err = l.open(); err == nil {
		rows, digest, err = r.ReadRows(l.table, l.row)
	}
	if err == nil {
		err = l.flush()
	}
	return rows, digest, errors.Join(err, l.close())
}

// open opens the tables that were seen so far, and makes those that are new.
func (l *layer) open() (err error) {
	l.store, err = l.target.openRecords(l.tables)
	return err
}

func (t *Target) openRecords(tables []*record.Table) (*records.Store, error) {
	return records.Open(records.Options{FS: t.FS, Dir: t.Dir, Clock: t.Clock, Tables: tables,
		Fatal: func(error) {}, Logger: t.Logger})
}

// close writes the witness of the tables.
func (l *layer) close() error {
	if l.store == nil {
		return nil
	}
	err := l.store.Close()
	l.store = nil
	return err
}

// table goes on with the next table. A store is told its tables when it is opened.
func (l *layer) table(t *record.Table) error {
	if err := errors.Join(l.flush(), l.close()); err != nil {
		return err
	}
	l.tables = append(l.tables, t)
	return l.open()
}

func (l *layer) row(t *record.Table, r *record.Row) error {
	n := r.Bytes()
	if len(l.rows) > 0 && (len(l.rows) == layRowsMax || l.bytes+n > layBytesMax) {
		if err := l.flush(); err != nil {
			return err
		}
	}
	l.at, l.rows, l.bytes = t, append(l.rows, r), l.bytes+n
	return nil
}

// flush stores the rows that have gathered.
func (l *layer) flush() error {
	if len(l.rows) == 0 {
		return nil
	}
	err := l.store.Update(context.Background(), func(tx record.Tx) error {
		for _, r := range l.rows {
			if err := tx.Put(l.at, r); err != nil {
				return err
			}
		}
		return nil
	})
	clear(l.rows)
	l.rows, l.bytes = l.rows[:0], 0
	return err
}

// readRows works out the digest of the record tables of the new data directory.
func (t *Target) readRows() (rows, digest uint64, err error) {
	s, err := t.openRecords(nil)
	if err != nil {
		return 0, 0, err
	}
	err = s.View(context.Background(), func(r record.Reader) error {
		rows, digest, err = DigestRows(r, s.Tables(), nil)
		return err
	})
	return rows, digest, errors.Join(err, s.Close())
}
