package main

import (
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
	} {
		if got := exitCode(tc.err); got != tc.want {
			t.Errorf("%v ends with exit code %d, want %d", tc.err, got, tc.want)
		}
	}
}
