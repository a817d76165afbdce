package main

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// A start that finds no space says what to do about it, and no other does.
func TestAStartWithoutSpaceSaysWhatToDo(t *testing.T) {
	full := fmt.Errorf("write the manifest: %w", syscall.ENOSPC)
	if err := withRoom(full); !errors.Is(err, syscall.ENOSPC) ||
		!strings.Contains(err.Error(), "free space on the disk") {
		t.Errorf("a full disk: %v", err)
	}
	other := errors.New("the disk is broken")
	if err := withRoom(other); err != other {
		t.Errorf("another error: %v", err)
	}
}
