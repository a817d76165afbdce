package memory

import (
	"context"
	"fmt"

	"github.com/tidwall/btree"

	"github.com/thronggrid/throng/grid/record"
)

// Store is a record store in memory.
type Store struct {
	turn   chan struct{} // its holder writes
	hold   chan struct{} // its holder reads or replaces tables
	tables tables
}

var _ record.Store = (*Store)(nil)

type tables map[*record.Table]*table

// table is one table. Rows never change.
type table struct {
	rows    btree.Map[string, *record.Row]
	indexes []btree.Map[string, *record.Row] // by position
}

// New returns an empty store with tables.
func New(list ...*record.Table) (*Store, error) {
	s := &Store{
		turn: make(chan struct{}, 1), hold: make(chan struct{}, 1), tables: tables{},
	}
	for _, t := range list {
		if err := t.Check(); err != nil {
			return nil, fmt.Errorf("open a store in memory: %w", err)
		}
		s.tables[t] = &table{indexes: make([]btree.Map[string, *record.Row], len(t.Indexes))}
	}
	return s, nil
}

// copies returns tables that can be written without changing the store.
func (s *Store) copies() tables {
	s.hold <- struct{}{}
	defer func() { <-s.hold }()
	out := make(tables, len(s.tables))
	for t, from := range s.tables {
		to := &table{rows: *from.rows.Copy()}
		for i := range from.indexes {
			to.indexes = append(to.indexes, *from.indexes[i].Copy())
		}
		out[t] = to
	}
	return out
}

// View implements record.Store.
func (s *Store) View(ctx context.Context, f func(record.Reader) error) error {
	_, err := s.run(ctx, func(x *tx) error { return f(x) })
	return err
}

// Update implements record.Store.
func (s *Store) Update(ctx context.Context, f func(record.Tx) error) error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return record.Interrupted(ctx)
	}
	call := func(x *tx) error { return f(x) }
	if _, err := s.run(ctx, call); err != nil {
		return err
	}
	after, err := s.run(ctx, call)
	if err == nil {
		s.hold <- struct{}{}
		s.tables = after
		<-s.hold
	}
	return err
}

// run calls f with a transaction over copies, and returns these.
func (s *Store) run(ctx context.Context, f func(*tx) error) (tables, error) {
	x := &tx{Attempt: record.NewAttempt(ctx), tables: s.copies()}
	if err := x.Begin(); err != nil {
		return nil, err
	}
	err := f(x)
	return x.tables, x.End(err)
}
