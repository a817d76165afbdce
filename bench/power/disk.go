package power

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Limits and settings of a disk.
const (
	ImageBytes    = 2 << 30 // a size for it; the file is sparse
	CommitSeconds = 300     // ext4's commit interval
	CopiesMax     = 50      // copies that a cut takes until one is honest
)

// Disk is a mounted file system whose power can be cut.
type Disk struct {
	dir   string // the image and the mount point lie here
	loop  string // the device, "/dev/loop3"
	image string
	count int // of cuts
}

// Check says what is missing to make a Disk.
func Check() error {
	if os.Geteuid() != 0 {
		return errors.New("cutting the power needs root, to mount the image of a disk: " +
			"run it with sudo")
	}
	for _, tool := range []string{"mkfs.ext4", "losetup"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("cutting the power needs %s: apt-get install e2fsprogs mount", tool)
		}
	}
	return nil
}

// New makes a disk of a size whose image lies in dir, formats and mounts it. All of
// it may be used: nothing is kept back for root.
func New(ctx context.Context, dir string, bytes int64) (*Disk, error) {
	d := &Disk{dir: dir, image: filepath.Join(dir, "disk-0")}
	if err := os.Mkdir(d.Mount(), 0o700); err != nil {
		return nil, fmt.Errorf("make a disk: %w", err)
	}
	f, err := os.Create(d.image)
	if err == nil {
		err = errors.Join(f.Truncate(bytes), f.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("make a disk: %w", err)
	}
	if _, err := run(ctx, "mkfs.ext4", "-q", "-F", "-m", "0", d.image); err != nil {
		return nil, fmt.Errorf("make a disk: %w", err)
	}
	if err := d.mount(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Mount is where the file system is, before and after each cut.
func (d *Disk) Mount() string { return filepath.Join(d.dir, "mount") }

func (d *Disk) mount(ctx context.Context) error {
	out, err := run(ctx, "losetup", "--find", "--show", d.image)
	if err != nil {
		return fmt.Errorf("mount a disk: %w", err)
	}
	d.loop = strings.TrimSpace(out)
	err = unix.Mount(d.loop, d.Mount(), "ext4", unix.MS_NOATIME,
		"commit="+strconv.Itoa(CommitSeconds))
	if err != nil {
		return fmt.Errorf("mount a disk: mount %s: %w", d.loop, err)
	}
	return nil
}

// unmount detaches what is attached; without effect when nothing is.
func (d *Disk) unmount() error {
	if d.loop == "" {
		return nil
	}
	err := unix.Unmount(d.Mount(), 0)
	if errors.Is(err, unix.EINVAL) {
		err = nil // was not mounted
	}
	// Cleaning up must go on when the run's context has ended.
	_, detachErr := run(context.Background(), "losetup", "--detach", d.loop)
	if err = errors.Join(err, detachErr); err != nil {
		return fmt.Errorf("unmount %s: %w", d.loop, err)
	}
	d.loop = ""
	return nil
}

// Close unmounts the disk and removes its image.
func (d *Disk) Close() error {
	return errors.Join(d.unmount(), os.Remove(d.image))
}

// Cut is what a power cut did.
type Cut struct {
	Copies int   // copies taken, the last one honest
	Bytes  int64 // of data on the disk
}

// Cut cuts the power: kill ends who uses the disk, at once. Then the disk is what
// it had stored at that moment, mounted in the same place.
func (d *Disk) Cut(ctx context.Context, kill func()) (Cut, error) {
	d.count++
	next := filepath.Join(d.dir, "disk-"+strconv.Itoa(d.count))
	kill()
	var c Cut
	for honest := false; !honest; {
		if err := ctx.Err(); err != nil {
			return c, err
		}
		if c.Copies == CopiesMax {
			return c, fmt.Errorf("cut the power: the disk was written to during each of %d copies",
				CopiesMax)
		}
		var err error
		if honest, c.Bytes, err = d.copyTo(next); err != nil {
			return c, errors.Join(err, os.Remove(next))
		}
		c.Copies++
	}
	if err := d.unmount(); err != nil {
		return c, errors.Join(err, os.Remove(next))
	}
	old := d.image
	d.image = next
	return c, errors.Join(os.Remove(old), d.mount(ctx))
}

// run runs a tool and returns what it prints.
func run(ctx context.Context, name string, args ...string) (string, error) {
	var stderr strings.Builder
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err,
			strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}
