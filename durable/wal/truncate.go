package wal

import "fmt"

// DeleteRange lets go of the entries from one index to another, inclusive.
//
// From the front (raft has a snapshot): the log keeps about RetainBytes of them
// all the same, for followers that lag, and deletes rarely and much at once;
// FirstIndex says what is kept. To the end, or everything: exact. A range in
// the middle is refused.
func (l *Log) DeleteRange(from, to uint64) error {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	if err := l.db.refusal(); err != nil {
		return err
	}
	switch {
	case l.last == 0 || from > to || to < l.first || from > l.last:
		return nil
	case to >= l.last:
		return l.dropEnd(max(from, l.first))
	case from <= l.first:
		return l.dropFront(to)
	default:
		return fmt.Errorf("delete entries %d to %d of group %d: they lie in the middle of %d to %d",
			from, to, l.group, l.first, l.last)
	}
}

// Delete lets go of all entries; the stable values stay. After a crash in between either all
// entries are there, or none.
func (l *Log) Delete() error {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	if err := l.db.refusal(); err != nil {
		return err
	}
	if l.last == 0 {
		return nil
	}
	return l.dropEnd(l.first)
}

// dropFront deletes what is not worth keeping of the entries up to limit.
func (l *Log) dropFront(limit uint64) error {
	retain := l.db.options.RetainBytes
	l.mu.RLock()
	to, bytes := l.account.cut(limit, retain)
	l.mu.RUnlock()
	if to < l.first || bytes < retain/4 {
		return nil
	}
	l.change.reset()
	l.change.dropEntries(l.group, l.first, to)
	l.change.setFirst(l.group, to+1)
	if err := l.db.commits.commit(&l.announce, 0, &l.change); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.first = to + 1
	l.truncations++
	l.ring.dropTo(to)
	l.account.dropTo(to)
	return nil
}

// dropEnd deletes the entries from one index on: raft found that they conflict
// with the leader's. The facts file must not speak of them any more before they
// go, or the next start would miss them.
func (l *Log) dropEnd(from uint64) error {
	last := from - 1
	if from == l.first {
		last = 0
	}
	l.mu.Lock()
	l.claim = last
	l.mu.Unlock()
	if err := l.db.witness.lower(l.group, last); err != nil {
		return err
	}
	l.change.reset()
	l.change.dropEntries(l.group, from, l.last)
	if err := l.db.commits.commit(&l.announce, 0, &l.change); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = last
	l.truncations++
	l.ring.dropFrom(from)
	l.account.dropFrom(from)
	if last == 0 {
		l.first = 0
	}
	return nil
}
