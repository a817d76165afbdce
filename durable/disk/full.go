package disk

import (
	"errors"
	"syscall"
)

// IsFull says whether an error means that there was no space for what was to be
// written, on the disk or within a quota.
func IsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
