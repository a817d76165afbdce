package crash

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/thronggrid/throng/bench/process"
)

// pace is how a disk is filled.
type pace int

const (
	atOnce pace = iota // in one call: nobody can see it coming
	fast               // as fast as it can be written
	slow               // within about slowFor
	paces
)

func (p pace) String() string { return [...]string{"at once", "fast", "slowly"}[p] }

// slowFor is how long it takes to fill a disk slowly: a few looks of who watches it.
const slowFor = 3 * time.Second

// filler is a file that takes all space of a disk, beside a server that writes to it
// too. It belongs to one goroutine.
type filler struct {
	file   *os.File
	at     int64  // its size
	fewest uint64 // bytes that were left at the least
}

func newFiller(dir string) (*filler, error) {
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		return nil, fmt.Errorf("fill the disk: %w", err)
	}
	l := &filler{file: f}
	l.fewest, err = l.free()
	return l, err
}

// free returns how many bytes are left on the disk.
func (l *filler) free() (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Fstatfs(int(l.file.Fd()), &s); err != nil {
		return 0, fmt.Errorf("look how full the disk is: %w", err)
	}
	return s.Bavail * uint64(s.Bsize), nil
}

// fill takes all there is, at a pace.
func (l *filler) fill(ctx context.Context, p pace) error {
	const step = 1 << 20
	free, err := l.free()
	if err != nil {
		return err
	}
	switch p {
	case atOnce:
		err = l.take(int64(free))
	case fast, slow:
		pause := slowFor / time.Duration(free/step+1)
		for left := int64(free); left > 0 && err == nil && ctx.Err() == nil; left -= step {
			if err = l.take(step); p == slow {
				process.Pause(ctx, pause)
			}
		}
	}
	if err != nil && !errors.Is(err, unix.ENOSPC) {
		return err
	}
	return l.scrape()
}

// take takes some bytes, all or none.
func (l *filler) take(bytes int64) error {
	if err := unix.Fallocate(int(l.file.Fd()), 0, l.at, bytes); err != nil {
		return fmt.Errorf("fill the disk: %w", err)
	}
	l.at += bytes
	return nil
}

// scrape takes what is left, to the last block.
func (l *filler) scrape() error {
	for step := int64(8 << 20); step >= 4<<10; {
		err := l.take(step)
		if errors.Is(err, unix.ENOSPC) {
			step /= 2
		} else if err != nil {
			return err
		}
	}
	free, err := l.free()
	l.fewest = min(l.fewest, free)
	return err
}

// hold keeps the disk full for a while: what becomes free is taken, too.
func (l *filler) hold(ctx context.Context, d time.Duration) error {
	for end := time.Now().Add(d); time.Now().Before(end) && ctx.Err() == nil; {
		if err := l.scrape(); err != nil {
			return err
		}
		process.Pause(ctx, 2*time.Millisecond)
	}
	return nil
}

// release gives all of it back.
func (l *filler) release() error {
	if err := errors.Join(l.file.Close(), os.Remove(l.file.Name())); err != nil {
		return fmt.Errorf("free the disk: %w", err)
	}
	return nil
}
