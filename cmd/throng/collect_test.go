package main

import "testing"

func TestShareOfGarbage(t *testing.T) {
	for live, want := range map[uint64]int{
		0: 400, 1 << 20: 400, 8 << 20: 200, 16 << 20: 100, 64 << 20: 25, 1 << 34: 25,
	} {
		if got := shareOf(live); got != want {
			t.Errorf("with %d bytes in use %d %%, want %d %%", live, got, want)
		}
	}
}
