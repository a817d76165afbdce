package disk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// viewCacheBytes is the cache of a Pebble that is only read, mostly from front to back.
const viewCacheBytes = 8 << 20

// View is a Pebble that is only read: what its log has beyond its tables is replayed in
// memory alone, no lock is taken and nothing changes.
type View struct {
	*pebble.DB
	fs    vfs.FS
	dir   string
	latch *Latch
}

// OpenView opens the Pebble in a directory to read it. Nobody else may have it open: see Held.
// Damage that keeps it from being opened is a *CorruptionError.
func OpenView(fs vfs.FS, dir string) (*View, error) {
	v := &View{fs: ReadOnly(fs), dir: dir, latch: NewLatch(func(error) {})}
	cache := pebble.NewCache(viewCacheBytes)
	defer cache.Unref()
	o := &pebble.Options{FS: v.fs, ReadOnly: true, Cache: cache, MaxOpenFiles: 128,
		FormatMajorVersion: pebble.FormatNewest}
	o.Logger = engine{what: dir, log: slog.New(slog.DiscardHandler), latch: v.latch}
	// Each read that meets damage returns it; the default would say it once more.
	o.EventListener = &pebble.EventListener{DataCorruption: func(pebble.DataCorruptionInfo) {}}
	var err error
	if v.DB, err = pebble.Open(dir, o); err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, v.Damage(err))
	}
	return v, nil
}

// Damage is what to say of an error of a read.
func (v *View) Damage(err error) error { return Damage(v.dir, v.latch, err) }

// VerifyTables reads all tables, also what of them is dead and no read would meet, and calls
// damaged with what is wrong in each.
func (v *View) VerifyTables(damaged func(error)) {
	levels, err := v.SSTables()
	if err != nil {
		damaged(v.Damage(err))
		return
	}
	for _, level := range levels {
		for _, t := range level {
			path := v.fs.PathJoin(v.dir, t.BackingSSTNum.String()+".sst")
			if err := v.verifyTable(path); err != nil {
				damaged(Corrupt(path, err.Error()))
			}
		}
	}
}

func (v *View) verifyTable(path string) error {
	f, err := v.fs.Open(path)
	if err != nil {
		return err
	}
	file, err := sstable.NewSimpleReadable(f)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	r, err := sstable.NewReader(context.Background(), file, sstable.ReaderOptions{})
	if err != nil {
		return err // which closed the file
	}
	return errors.Join(r.ValidateBlockChecksums(), r.Close())
}
