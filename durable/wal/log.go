package wal

import (
	"errors"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/durable/disk"
)

// Log is the Raft log and the stable store of one group. Any goroutine may call
// it; calls that write take turns, so a group has one write on its way at most.
type Log struct {
	db       *DB
	group    uint32
	announce announcer
	stable   *stable

	// turn holds one token; who has it may write. It is a channel and not a
	// mutex because it is held while a commit is on its way, which inside a
	// simulation may take simulated time.
	turn   chan struct{}
	change change // owned by the holder of the turn

	mu          sync.RWMutex
	first, last uint64 // both 0 when there is no entry; what is on disk
	claim       uint64 // what the facts file may give as last; at most last
	ring        ring
	account     account
	truncations uint64
}

var (
	_ raft.LogStore          = (*Log)(nil)
	_ raft.StableStore       = (*Log)(nil)
	_ raft.MonotonicLogStore = (*Log)(nil)
)

func newLog(db *DB, group uint32) *Log {
	l := &Log{
		db:     db,
		group:  group,
		stable: newVotes(group),
		turn:   make(chan struct{}, 1),
	}
	l.ring.limit = db.options.RingBytes
	l.account.markBytes = max(1, min(64<<10, db.options.RetainBytes/16))
	return l
}

// newVotes returns an empty set of a group's stable values.
func newVotes(group uint32) *stable {
	return newStable(appendStablePrefix(nil, group), fmt.Sprint("the votes of group ", group))
}

// IsMonotonic says that indexes may jump: after a snapshot was installed, the
// first entry behind it takes the place of all that is here.
func (l *Log) IsMonotonic() bool { return false }

// FirstIndex returns the lowest index that is kept, 0 when there is none.
func (l *Log) FirstIndex() (uint64, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.first, l.db.refusal()
}

// LastIndex returns the highest index, 0 when there is none.
func (l *Log) LastIndex() (uint64, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.last, l.db.refusal()
}

// GetLog fills e with the entry at index; it shares no memory with the log.
// raft.ErrLogNotFound says that the entry is not kept.
func (l *Log) GetLog(index uint64, e *raft.Log) error {
	if err := l.db.refusal(); err != nil {
		return err
	}
	var room [entryKeyBytes]byte
	key := appendEntryKey(room[:0], l.group, index)
	l.mu.RLock()
	if index < l.first || index > l.last || index == 0 {
		l.mu.RUnlock()
		return raft.ErrLogNotFound
	}
	if value, ok := l.ring.get(index); ok {
		reason := decodeEntry(key, value, e)
		l.mu.RUnlock()
		return l.distrust(index, reason)
	}
	l.mu.RUnlock()
	return l.read(key, index, e)
}

// read gets an older entry from Pebble. One that was let go of since the caller
// looked is not found; one that should be there and is not is a corruption.
func (l *Log) read(key []byte, index uint64, e *raft.Log) error {
	var reason string
	err := l.db.read(key, func(value []byte) { reason = decodeEntry(key, value, e) })
	if !errors.Is(err, pebble.ErrNotFound) {
		if err != nil {
			return err
		}
		return l.distrust(index, reason)
	}
	l.mu.RLock()
	gone := index < l.first || index > l.last
	l.mu.RUnlock()
	if gone {
		return raft.ErrLogNotFound
	}
	return l.distrust(index, "it is missing")
}

// distrust latches a corruption when there is a reason to.
func (l *Log) distrust(index uint64, reason string) error {
	if reason == "" {
		return nil
	}
	return l.db.latch.Fail(disk.Corrupt(entryName(l.group, index), reason))
}

func entryName(group uint32, index uint64) string {
	return fmt.Sprintf("entry %d of group %d", index, group)
}

// StoreLog stores one entry; see StoreLogs.
func (l *Log) StoreLog(e *raft.Log) error { return l.StoreLogs([]*raft.Log{e}) }

// StoreLogs returns once the entries are on disk. Their indexes must be
// consecutive and begin above the last; where they leave a gap to it, which
// happens behind an installed snapshot, everything below goes in the same
// commit. The entries are copied.
func (l *Log) StoreLogs(entries []*raft.Log) error {
	if len(entries) == 0 {
		return nil
	}
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	from := entries[0].Index
	if from == 0 || from <= l.last {
		return fmt.Errorf("store %s: the log reaches to %d; delete from there first",
			entryName(l.group, from), l.last)
	}
	l.change.reset()
	jumps := l.last != 0 && from > l.last+1
	if jumps {
		l.change.dropEntries(l.group, l.first, l.last)
	}
	begins := jumps || l.last == 0
	for i, e := range entries {
		if e.Index != from+uint64(i) {
			return fmt.Errorf("store %s: it follows %d in one call; indexes must be consecutive",
				entryName(l.group, e.Index), from+uint64(i)-1)
		}
		begin := len(l.change.buf)
		l.change.buf = appendEntryKey(l.change.buf, l.group, e.Index)
		l.change.mark()
		l.change.buf = appendEntry(l.change.buf, l.change.buf[begin:], e)
		l.change.mark()
	}
	if begins {
		l.change.setFirst(l.group, from)
	}
	if err := l.db.commits.commit(&l.announce, len(entries), &l.change); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if begins {
		l.first = from
		l.account.clear()
	}
	for i := range entries {
		_, value := l.change.set(i)
		l.took(from+uint64(i), value)
	}
	l.claim = l.last
	return nil
}

// took adds the entry behind the last to what is kept in memory.
func (l *Log) took(index uint64, value []byte) {
	l.last = index
	l.ring.push(index, value)
	l.account.add(index, len(value))
}

// Announce says that the caller is about to propose an entry of this group, so
// that commits of other groups wait for it, up to GatherWait. An entry that is
// stored takes one announcement with it.
func (l *Log) Announce() { l.db.commits.announce(&l.announce) }

// Retract takes an announcement back whose entry will not be stored. Without
// it, one commit waits GatherWait in vain.
func (l *Log) Retract() { l.db.commits.retract(&l.announce) }

// Bytes is about how many bytes of entries are kept, up to 64 KiB and one entry
// too high.
func (l *Log) Bytes() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.account.kept()
}

// BytesSince is about how many bytes of entries lie above index, as exact as
// Bytes: what would have to be applied again after a snapshot at index.
func (l *Log) BytesSince(index uint64) int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.account.since(index)
}

// loadEntry takes over an entry at the start; they come in order.
func (l *Log) loadEntry(key, value []byte) error {
	_, index, ok := parseEntryKey(key)
	if !ok || index == 0 {
		return unknownKey(key)
	}
	if reason := verifyEntry(key, value); reason != "" {
		return disk.Corrupt(entryName(l.group, index), reason)
	}
	if l.last == 0 {
		l.first = index
	} else if index != l.last+1 {
		return disk.Corrupt(entryName(l.group, l.last+1), fmt.Sprintf(
			"it is missing, though %d is there", index))
	}
	l.took(index, value)
	return nil
}
