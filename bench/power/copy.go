package power

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// copyTo copies the image, and says whether nothing was written meanwhile.
func (d *Disk) copyTo(path string) (honest bool, n int64, err error) {
	before, err := d.writes()
	if err != nil {
		return false, 0, err
	}
	if n, err = copySparse(path, d.image); err != nil {
		return false, 0, fmt.Errorf("copy the disk: %w", err)
	}
	after, err := d.writes()
	if err != nil {
		return false, 0, err
	}
	return before == after && after.running == 0, n, nil
}

// counters are what the kernel counts of a device's writes.
type counters struct {
	finished uint64 // writes
	sectors  uint64 // written
	running  uint64 // reads and writes not yet finished
}

func (d *Disk) writes() (counters, error) {
	b, err := os.ReadFile(filepath.Join("/sys/block", filepath.Base(d.loop), "stat"))
	if err != nil {
		return counters{}, fmt.Errorf("read the device's counters: %w", err)
	}
	return parseStat(string(b))
}

// parseStat reads /sys/block/X/stat, as the kernel's Documentation/block/stat.rst
// describes it.
func parseStat(s string) (c counters, err error) {
	const finished, sectors, running = 4, 6, 8
	fields := strings.Fields(s)
	if len(fields) <= running {
		return c, fmt.Errorf("read the device's counters: %d fields in %q", len(fields), s)
	}
	var errs [3]error
	c.finished, errs[0] = strconv.ParseUint(fields[finished], 10, 64)
	c.sectors, errs[1] = strconv.ParseUint(fields[sectors], 10, 64)
	c.running, errs[2] = strconv.ParseUint(fields[running], 10, 64)
	if err := errors.Join(errs[:]...); err != nil {
		return c, fmt.Errorf("read the device's counters: %w", err)
	}
	return c, nil
}

// copySparse copies what is not a hole, and returns its size.
func copySparse(to, from string) (n int64, err error) {
	in, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return 0, err
	}
	out, err := os.Create(to)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if err := out.Truncate(info.Size()); err != nil {
		return 0, err
	}
	for end := int64(0); end < info.Size(); {
		start, err := unix.Seek(int(in.Fd()), end, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			break // only a hole is left
		}
		if err != nil {
			return n, err
		}
		if end, err = unix.Seek(int(in.Fd()), start, unix.SEEK_HOLE); err != nil {
			return n, err
		}
		k, err := io.Copy(io.NewOffsetWriter(out, start), io.NewSectionReader(in, start, end-start))
		if n += k; err != nil {
			return n, err
		}
	}
	return n, nil
}
