package power

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

// Pace is how a disk is filled.
type Pace int

// The paces, and how many there are.
const (
	AtOnce Pace = iota // in one call: nobody can see it coming
	Fast               // as fast as it can be written
	Slowly             // within some three seconds
	Paces
)

func (p Pace) String() string { return [...]string{"at once", "fast", "slowly"}[p] }

// slowFor is how long it takes to fill a disk slowly: a few looks of who watches it.
const slowFor = 3 * time.Second

// Filler is a file that takes all space of a disk, beside a server that writes to it
// too. It belongs to one goroutine.
type Filler struct {
	Fewest uint64 // bytes that were left at the least

	file *os.File
	at   int64 // its size
}

// NewFiller makes a file in a directory of the disk, empty yet. Release it.
func NewFiller(dir string) (*Filler, error) {
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		return nil, fmt.Errorf("fill the disk: %w", err)
	}
	l := &Filler{file: f}
	l.Fewest, err = l.free()
	return l, err
}

// free returns how many bytes are left on the disk.
func (l *Filler) free() (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Fstatfs(int(l.file.Fd()), &s); err != nil {
		return 0, fmt.Errorf("look how full the disk is: %w", err)
	}
	return s.Bavail * uint64(s.Bsize), nil
}

// Fill takes all there is, at a pace.
func (l *Filler) Fill(ctx context.Context, p Pace) error {
	const step = 1 << 20
	free, err := l.free()
	if err != nil {
		return err
	}
	switch p {
	case AtOnce:
		err = l.take(int64(free))
	case Fast, Slowly:
		pause := slowFor / time.Duration(free/step+1)
		for left := int64(free); left > 0 && err == nil && ctx.Err() == nil; left -= step {
			if err = l.take(step); p == Slowly {
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
func (l *Filler) take(bytes int64) error {
	if err := unix.Fallocate(int(l.file.Fd()), 0, l.at, bytes); err != nil {
		return fmt.Errorf("fill the disk: %w", err)
	}
	l.at += bytes
	return nil
}

// scrape takes what is left, to the last block.
func (l *Filler) scrape() error {
	for step := int64(8 << 20); step >= 4<<10; {
		err := l.take(step)
		if errors.Is(err, unix.ENOSPC) {
			step /= 2
		} else if err != nil {
			return err
		}
	}
	free, err := l.free()
	l.Fewest = min(l.Fewest, free)
	return err
}

// Hold keeps the disk full for a while: what becomes free is taken, too.
func (l *Filler) Hold(ctx context.Context, d time.Duration) error {
	for end := time.Now().Add(d); time.Now().Before(end) && ctx.Err() == nil; {
		if err := l.scrape(); err != nil {
			return err
		}
		process.Pause(ctx, 2*time.Millisecond)
	}
	return nil
}

// Release gives all of it back.
func (l *Filler) Release() error {
	if err := errors.Join(l.file.Close(), os.Remove(l.file.Name())); err != nil {
		return fmt.Errorf("free the disk: %w", err)
	}
	return nil
}
