package wal

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/durable/disk"
)

// factsName is the facts file's name in the data directory.
const factsName = "log.facts"

// factsBytesMax is what the facts file may weigh: 4,096 groups with their votes
// need a tenth of it.
const factsBytesMax = 16 << 20

// witness writes the facts file.
type witness struct {
	db *DB
	// turn holds one token, taken by who writes the file. A channel, as the
	// turn of a Log is.
	turn    chan struct{}
	claimed map[uint32]uint64 // last of each group as the file has it
	final   bool              // Close has written it: nobody else may any more
	due     atomic.Bool       // a write of it is due within witnessEvery
}

// witnessEvery is how old the file may get while there are commits.
const witnessEvery = time.Second

func newWitness(db *DB) *witness {
	return &witness{db: db, turn: make(chan struct{}, 1), claimed: map[uint32]uint64{}}
}

// lower makes sure that the file does not say that a group's log reaches beyond
// last. The log's claim is lowered before.
func (w *witness) lower(group uint32, last uint64) error {
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	if w.claimed[group] <= last {
		return w.db.latch.Err()
	}
	return w.writeHoldingTurn(false)
}

// soon sees to it that the file is written within witnessEvery. Called after
// each commit; it costs one load.
func (w *witness) soon() {
	if w.due.Load() || !w.due.CompareAndSwap(false, true) {
		return
	}
	w.db.options.Clock.AfterFunc(witnessEvery, func() {
		w.due.Store(false)
		// A failure is latched, and after Close there is nothing to do.
		_ = w.write(false)
	})
}

// write writes how far everything has come.
func (w *witness) write(clean bool) error {
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	return w.writeHoldingTurn(clean)
}

func (w *witness) writeHoldingTurn(clean bool) error {
	if w.final {
		return ErrClosed
	}
	if err := w.db.latch.Err(); err != nil {
		return err
	}
	w.final = clean
	f := w.db.facts(clean)
	if err := w.replace(f.encode()); err != nil {
		return w.db.latch.Fail(fmt.Errorf("write %s: %w", factsName, err))
	}
	clear(w.claimed)
	for _, g := range f.groups {
		w.claimed[g.group] = g.last
	}
	return w.db.latch.Err()
}

// replace puts the file in the place of the old one, durably.
func (w *witness) replace(b []byte) error {
	fs, dir := w.db.fs, w.db.options.Dir
	path := fs.PathJoin(dir, factsName)
	f, err := fs.Create(path+".tmp", vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := fs.Rename(path+".tmp", path); err != nil {
		return err
	}
	return disk.SyncDir(fs, dir)
}

// readFacts reads the facts file; ok is false when there is none.
func readFacts(fsys vfs.FS, dir string) (f facts, ok bool, err error) {
	path := fsys.PathJoin(dir, factsName)
	file, err := fsys.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, false, nil
	}
	if err != nil {
		return f, false, fmt.Errorf("open %s: %w", path, err)
	}
	b, err := io.ReadAll(io.LimitReader(file, factsBytesMax))
	if err = errors.Join(err, file.Close()); err != nil {
		return f, false, fmt.Errorf("read %s: %w", path, err)
	}
	n := len(factsMagic)
	if len(b) > n && string(b[:n]) == factsMagic && b[n] > formatVersion {
		return f, false, fmt.Errorf("%s was written by a newer version of throng "+
			"(log format %d, this one reads %d): start the newer version", dir, b[n], formatVersion)
	}
	f, reason := decodeFacts(b)
	if reason != "" {
		return f, false, disk.Corrupt(path, reason)
	}
	return f, true, nil
}

// facts says how far everything has come.
func (db *DB) facts(clean bool) facts {
	f := facts{clean: clean, settings: db.settings.facts()}
	for _, l := range db.allLogs() {
		l.mu.RLock()
		g := groupFacts{group: l.group, first: l.first, last: l.claim}
		l.mu.RUnlock()
		g.stable = l.stable.facts()
		f.groups = append(f.groups, g)
	}
	slices.SortFunc(f.groups, func(a, b groupFacts) int { return cmp.Compare(a.group, b.group) })
	return f
}

// check compares what was loaded with what the facts file says of it.
func (db *DB) check(f facts) error {
	if err := db.settings.check(f.settings, f.clean); err != nil {
		return err
	}
	for _, g := range f.groups {
		l := db.logFor(g.group)
		if err := g.check(l.first, l.last, f.clean); err != nil {
			return err
		}
		if err := l.stable.check(g.stable, f.clean); err != nil {
			return err
		}
	}
	if n := len(db.allLogs()); f.clean && n != len(f.groups) {
		return disk.Corrupt("the log", fmt.Sprintf(
			"%d groups found, %d were there when it was closed", n, len(f.groups)))
	}
	return nil
}

// check compares the entries that a log holds with what the facts file says of it.
func (g *groupFacts) check(first, last uint64, clean bool) error {
	what := fmt.Sprintf("the log of group %d", g.group)
	if last < g.last {
		return disk.Corrupt(what, fmt.Sprintf(
			"it ends at entry %d, entries up to %d were acknowledged", last, g.last))
	}
	if clean && (last != g.last || first != g.first) {
		return disk.Corrupt(what, fmt.Sprintf(
			"it holds entries %d to %d, it held %d to %d when it was closed",
			first, last, g.first, g.last))
	}
	return nil
}
