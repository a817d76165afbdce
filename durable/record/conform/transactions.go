package conform

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/record"
)

var errOurs = errors.New("our own error")

// ownWrites: a transaction reads what it has written, by key, range and index.
func (s *suite) ownWrites() {
	s.put(s.items, item("a", 1, 1, "old"), item("a", 2, 2, "old"))
	replaced, added := item("a", 1, 9, "new"), item("a", 3, 3, "new")
	s.update(func(tx record.Tx) error {
		err := errors.Join(tx.Put(s.items, replaced), tx.Put(s.items, added),
			tx.Delete(s.items, item("a", 2, 0, "").Key...))
		for _, r := range []record.Range{{Limit: 9}, {Limit: 9, Index: "by_tag"}} {
			page, err2 := tx.Scan(s.items, r)
			err = errors.Join(err, err2)
			s.want("a scan within", page.Rows, []*record.Row{replaced, added})
		}
		got, err2 := tx.GetMany(s.items, replaced.Key, item("a", 2, 0, "").Key, added.Key)
		s.want("GetMany within", got, []*record.Row{replaced, nil, added})
		return errors.Join(err, err2)
	})
	s.want("a scan afterwards", s.scan(s.items, record.Range{Limit: 9, Index: "by_score"}).Rows,
		[]*record.Row{added, replaced})
}

// abort: an error of the function comes back as it was, and nothing is stored.
func (s *suite) abort() {
	kept := item("a", 1, 1, "kept")
	s.put(s.items, kept)
	err := s.store.Update(s.Context(), func(tx record.Tx) error {
		_ = tx.Put(s.items, item("a", 1, 2, "lost"))
		_ = tx.Put(s.items, item("a", 2, 2, "lost"))
		return errOurs
	})
	if err != errOurs {
		s.Errorf("the function's error became %v", err)
	}
	err = s.store.View(s.Context(), func(record.Reader) error { return errOurs })
	if err != errOurs {
		s.Errorf("the error of a view became %v", err)
	}
	s.update(func(tx record.Tx) error { return nil })
	s.want("after an abort", s.scanAll(s.items, record.Range{Limit: 9}), []*record.Row{kept})
	s.want("the index after an abort", s.scanAll(s.items, record.Range{Limit: 9, Index: "by_tag"}),
		[]*record.Row{kept})
}

// panics: a function that panics stores nothing, and the store goes on.
func (s *suite) panics() {
	func() {
		defer func() {
			if recover() == nil {
				s.Error("the panic was swallowed")
			}
		}()
		_ = s.store.Update(s.Context(), func(tx record.Tx) error {
			_ = tx.Put(s.items, item("a", 1, 1, ""))
			panic(errOurs)
		})
	}()
	s.want("after a panic", s.scanAll(s.items, record.Range{Limit: 9}), nil)
	s.put(s.items, item("a", 1, 1, ""))
}

// spoiled: once a call has failed, the transaction cannot commit.
func (s *suite) spoiled() {
	bad := item("a", 1, 1, "\x00")
	err := s.store.Update(s.Context(), func(tx record.Tx) error {
		_ = tx.Put(s.items, item("a", 2, 1, ""))
		s.wantCode("a bad row", tx.Put(s.items, bad), fault.InvalidArgument)
		s.wantCode("a call after it", tx.Put(s.items, item("a", 3, 1, "")), fault.InvalidArgument)
		return nil
	})
	s.wantCode("a spoiled transaction", err, fault.InvalidArgument)
	s.want("after it", s.scanAll(s.items, record.Range{Limit: 9}), nil)
}

// over: a transaction cannot be used after its function has returned.
func (s *suite) over() {
	var kept record.Tx
	var reader record.Reader
	s.update(func(tx record.Tx) error { kept = tx; return nil })
	s.view(func(r record.Reader) error { reader = r; return nil })
	s.wantCode("Put", kept.Put(s.items, item("a", 1, 1, "")), fault.Internal)
	s.wantCode("Delete", kept.Delete(s.items, item("a", 1, 1, "").Key...), fault.Internal)
	_, err := kept.Get(s.items, item("a", 1, 1, "").Key...)
	s.wantCode("Get", err, fault.Internal)
	_, err = reader.GetMany(s.items)
	s.wantCode("GetMany", err, fault.Internal)
	_, err = reader.Scan(s.items, record.Range{Limit: 1})
	s.wantCode("Scan", err, fault.Internal)
}

// cancelled: nothing is stored for who has given up before the end.
func (s *suite) cancelled() {
	ctx, cancel := context.WithCancel(s.Context())
	err := s.store.Update(ctx, func(tx record.Tx) error {
		err := tx.Put(s.items, item("a", 1, 1, ""))
		cancel()
		return err
	})
	s.wantCode("an update that was given up", err, fault.Cancelled)
	called := false
	err = s.store.Update(ctx, func(record.Tx) error { called = true; return nil })
	s.wantCode("an update after it", err, fault.Cancelled)
	err = s.store.View(ctx, func(record.Reader) error { called = true; return nil })
	s.wantCode("a view after it", err, fault.Cancelled)
	if called {
		s.Error("a function was called for who had given up")
	}
	s.want("afterwards", s.scanAll(s.items, record.Range{Limit: 9}), nil)
}

// moment: a view sees one moment, however much is written meanwhile, and the
// next view sees all of that.
func (s *suite) moment() {
	before := item("a", 1, 1, "before")
	s.put(s.items, before)
	s.view(func(r record.Reader) error {
		for i := range uint64(3) {
			var done sync.WaitGroup
			done.Go(func() { s.put(s.items, item("a", 1, 2, "after"), item("a", 2+i, 2, "after")) })
			done.Wait()
			page, err := r.Scan(s.items, record.Range{Limit: 9})
			if err != nil {
				return err
			}
			s.want("a scan", page.Rows, []*record.Row{before})
			page, err = r.Scan(s.items, record.Range{Limit: 9, Index: "by_score"})
			if err != nil {
				return err
			}
			s.want("a scan of an index", page.Rows, []*record.Row{before})
		}
		return nil
	})
	if rows := s.scanAll(s.items, record.Range{Limit: 9}); len(rows) != 4 {
		s.Errorf("%d rows afterwards, want 4", len(rows))
	}
}

// increments: what several add to one row adds up, and who was acknowledged
// reads it.
func (s *suite) increments() {
	const writers, each = 4, 25
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range each {
				var now int64
				err := s.store.Update(s.Context(), func(tx record.Tx) error {
					row, err := tx.Get(s.items, item("a", 1, 0, "").Key...)
					if now = 1; row != nil {
						now = row.Columns[0].Int() + 1
					}
					return errors.Join(err, tx.Put(s.items, item("a", 1, now, "")))
				})
				if err != nil {
					s.Error(err)
					return
				}
				row := s.get(s.items, item("a", 1, 0, "").Key...)
				if row == nil || row.Columns[0].Int() < now {
					s.Errorf("%d was acknowledged, and then %v read", now, row)
				}
			}
		})
	}
	all.Wait()
	if row := s.get(s.items, item("a", 1, 0, "").Key...); row.Columns[0].Int() != writers*each {
		s.Errorf("%d increments gave %v", writers*each, row)
	}
}

// writeSkew: two rows may not both be off. Each transaction looks at both and
// switches one off; snapshot isolation would let two do that at once.
func (s *suite) writeSkew() {
	for round := range uint64(20) {
		l, r := item("left", round, 1, ""), item("right", round, 1, "")
		s.put(s.items, l, r)
		var both sync.WaitGroup
		for _, mine := range []string{"left", "right"} {
			both.Go(func() {
				err := s.store.Update(s.Context(), func(tx record.Tx) error {
					rows, err := tx.GetMany(s.items, l.Key, r.Key)
					if err != nil || rows[0].Columns[0].Int()+rows[1].Columns[0].Int() < 2 {
						return err
					}
					return tx.Put(s.items, item(mine, round, 0, ""))
				})
				if err != nil {
					s.Error(err)
				}
			})
		}
		both.Wait()
		left, right := s.get(s.items, l.Key...), s.get(s.items, r.Key...)
		if left.Columns[0].Int()+right.Columns[0].Int() != 1 {
			s.Fatalf("round %d: left %v, right %v", round, left, right)
		}
	}
}

// totals: while amounts move between rows, every view sees the same total.
func (s *suite) totals() {
	const rows, total = 8, 800
	for i := range uint64(rows) {
		s.put(s.items, item("a", i, total/rows, ""))
	}
	var movers, watchers sync.WaitGroup
	for m := range uint64(2) {
		movers.Go(func() {
			for i := range uint64(60) {
				if err := s.move((m+i)%rows, (m+3*i+1)%rows); err != nil {
					s.Error(err)
				}
			}
		})
	}
	for _, index := range []string{"", "by_score"} {
		watchers.Go(func() {
			for range 100 {
				sum := int64(0)
				page := s.scan(s.items, record.Range{Index: index, Limit: rows + 1})
				for _, r := range page.Rows {
					sum += r.Columns[0].Int()
				}
				if sum != total {
					s.Errorf("index %q: a total of %d, want %d", index, sum, total)
					return
				}
			}
		})
	}
	movers.Wait()
	watchers.Wait()
}

// move takes 7 from one row and adds them to another.
func (s *suite) move(from, to uint64) error {
	return s.store.Update(s.Context(), func(tx record.Tx) error {
		for seq, by := range map[uint64]int64{from: -7, to: 7} {
			if from == to {
				return nil
			}
			row, err := tx.Get(s.items, item("a", seq, 0, "").Key...)
			if err != nil || row == nil {
				return fmt.Errorf("row %d: %v, %w", seq, row, err)
			}
			row.Columns[0] = record.Int(row.Columns[0].Int() + by)
			if err := tx.Put(s.items, row); err != nil {
				return err
			}
		}
		return nil
	})
}
