package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Held says whether another process holds the lock of a file, as a node does with its data
// directory, and which that is: 0 if it is not to be seen from here. A file that is not there
// is held by nobody. It is opened only to be read.
//
// It does not see a lock of this process, and takes it away: such are locks of files.
func Held(path string) (process int, held bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("look whether somebody has locked %s: %w", path, err)
	}
	defer f.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	if err := unix.FcntlFlock(f.Fd(), unix.F_GETLK, &lock); err != nil {
		return 0, false, fmt.Errorf("look whether somebody has locked %s: %w", path, err)
	}
	if lock.Type == unix.F_UNLCK {
		return 0, false, nil
	}
	return max(0, int(lock.Pid)), true, nil
}
