package main

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestExitCodes(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{io.EOF, 1},
		{usagef("--nope"), 2},
		{fmt.Errorf("serve: %w", usagef("--nope")), 2},
		{fmt.Errorf("write the log: %w", errDisk), 74},
		{errors.Join(errDisk, io.EOF), 74},
	} {
		if got := exitCode(tc.err); got != tc.want {
			t.Errorf("%v ends with exit code %d, want %d", tc.err, got, tc.want)
		}
	}
}
