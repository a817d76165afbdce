package process

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Scratch is a temporary directory.
type Scratch struct{ Path string }

// NewScratch makes a directory below parent; "" means the system's place for
// temporary files.
func NewScratch(parent string) (*Scratch, error) {
	path, err := os.MkdirTemp(parent, "throng-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the benchmark: %w; "+
			"choose where with --dir", err)
	}
	return &Scratch{path}, nil
}

// Dir makes a directory in the scratch directory.
func (s *Scratch) Dir(name string) (string, error) {
	path := filepath.Join(s.Path, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		return "", fmt.Errorf("make a directory for the benchmark: %w", err)
	}
	return path, nil
}

// Close removes the directory and all in it.
func (s *Scratch) Close() error {
	if err := os.RemoveAll(s.Path); err != nil {
		return fmt.Errorf("remove the benchmark's directory: %w", err)
	}
	return nil
}

// FileSystem names the kind of file system that a path lies on. Where it is
// "tmpfs", an fsync costs nothing and durable rates mean nothing.
func FileSystem(path string) string {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return "unknown"
	}
	switch s.Type {
	case unix.EXT4_SUPER_MAGIC:
		return "ext4"
	case unix.XFS_SUPER_MAGIC:
		return "xfs"
	case unix.BTRFS_SUPER_MAGIC:
		return "btrfs"
	case unix.OVERLAYFS_SUPER_MAGIC:
		return "overlayfs"
	case unix.TMPFS_MAGIC:
		return "tmpfs"
	}
	return fmt.Sprintf("type 0x%x", s.Type)
}
