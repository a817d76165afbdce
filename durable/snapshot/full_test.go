package snapshot

import (
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/thronggrid/throng/durable/disk"
)

// A full disk, at whichever operation, costs that snapshot alone: nothing is fatal,
// the one before is there, its space is given back, and the next is taken.
func TestAFullDiskCostsOneSnapshot(t *testing.T) {
	for step := int64(1); ; step++ {
		mem := newDisk(t)
		must(t, write(mustOpen(t, mem), 1, 10, payload(1000, 1)))
		var ops atomic.Int64
		s := mustOpen(t, errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
			switch op.Kind {
			case errorfs.OpCreate, errorfs.OpFileWrite, errorfs.OpRename:
				if ops.Add(1) == step {
					return syscall.ENOSPC
				}
			}
			return nil
		})))
		err := write(s, 1, 20, payload(300_000, 2))
		if err == nil {
			if step < 4 {
				t.Errorf("a snapshot takes %d operations", step-1)
			}
			return
		}
		if !disk.IsFull(err) {
			t.Errorf("step %d: %v", step, err)
		}
		if index, _, err := read(s); err != nil || index != 10 {
			t.Errorf("step %d: snapshot %d is there, %v", step, index, err)
		}
		if left := files(t, mem); len(left) != 1 {
			t.Errorf("step %d: files left: %v", step, left)
		}
		must(t, write(s, 1, 30, payload(1000, 3)))
		if index, _, err := read(s); err != nil || index != 30 {
			t.Errorf("step %d: snapshot %d is there then, %v", step, index, err)
		}
	}
}
