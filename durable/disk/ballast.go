package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// ballastName is the ballast's name in the data directory.
const ballastName = "ballast"

// ballast is a file of no content that holds space on the disk, to be given up
// when a write finds none. Whoever calls its methods sees to it that nobody else
// does at the same time.
type ballast struct {
	fs    vfs.FS
	path  string
	bytes int64 // how large it is when it is there; 0: there shall be none
	there bool
}

// find says whether the ballast of an earlier start is there. One of another size
// was made with other settings, or not to its end, and goes.
func (b *ballast) find() error {
	info, err := b.fs.Stat(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for %s: %w", b.path, err)
	}
	if b.there = b.bytes > 0 && info.Size() == b.bytes; b.there {
		return nil
	}
	return b.remove()
}

// make makes it: blocks of the disk, not only a size. Where it cannot be done
// nothing is left of it.
func (b *ballast) make() error {
	f, err := b.fs.Create(b.path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return fmt.Errorf("make %s: %w", b.path, err)
	}
	if err = f.Preallocate(0, b.bytes); errors.Is(err, syscall.EOPNOTSUPP) {
		err = b.fill(f)
	}
	if err == nil { // the size says at the next start that it is whole
		_, err = f.WriteAt([]byte{0}, b.bytes-1)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("make %s: %w", b.path, err), b.remove())
	}
	b.there = true
	return nil
}

// fill writes the blocks of a file system that cannot set them aside.
func (b *ballast) fill(f vfs.File) error {
	zeros := make([]byte, 1<<20)
	for left := b.bytes; left > 0; left -= int64(len(zeros)) {
		if _, err := f.Write(zeros[:min(left, int64(len(zeros)))]); err != nil {
			return err
		}
	}
	return nil
}

// remove gives its space back.
func (b *ballast) remove() error {
	b.there = false
	if err := b.fs.Remove(b.path); err != nil {
		return fmt.Errorf("remove %s: %w", b.path, err)
	}
	return nil
}
