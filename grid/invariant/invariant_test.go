package invariant_test

import (
	"bytes"
	"testing"

	"github.com/thronggrid/throng/grid/invariant"
)

// panicOf returns what f panics with, or nil.
func panicOf(f func()) (got any) {
	defer func() { got = recover() }()
	f()
	return nil
}

func TestCheck(t *testing.T) {
	if got := panicOf(func() { invariant.Check(true, "never printed") }); got != nil {
		t.Errorf("a check that holds panics: %v", got)
	}
	var want any
	if invariant.Enabled {
		want = "invariant broken: 3 members, 2 counted"
	}
	if got := panicOf(func() { invariant.Check(false, "%d members, %d counted", 3, 2) }); got != want {
		t.Errorf("a broken check gives %v, want %v", got, want)
	}
}

// TestPoison: with checks on, a released buffer is garbage up to its capacity;
// with checks off it is left alone.
func TestPoison(t *testing.T) {
	b := make([]byte, 8, 16)
	invariant.Poison(b[:4])
	want := make([]byte, 16)
	if invariant.Enabled {
		want = bytes.Repeat([]byte{0xa5}, 16)
	}
	if got := b[:16]; !bytes.Equal(got, want) {
		t.Errorf("the buffer is % x, want % x", got, want)
	}
}
