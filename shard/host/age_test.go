package host

import "testing"

// The state of a follower is as of when it heard of what it has applied, and no newer.
func TestFreshness(t *testing.T) {
	var f freshness
	applied := uint64(0)
	to := func(index uint64) bool { return index <= applied }
	for i, c := range []struct {
		index   uint64 // heard, at a time; 0: nothing is
		at      int64
		applied uint64
		want    int64
	}{
		{0, 0, 0, 0},
		{5, 100, 0, 0},    // not applied yet
		{7, 200, 4, 0},    // nor that
		{0, 0, 5, 100},    // what was heard first is
		{9, 300, 6, 100},  // the newest that was heard is 9, which counts for 7 too
		{0, 0, 7, 200},    // the one before was kept
		{9, 400, 9, 400},  // heard again, and applied
		{9, 500, 9, 500},  // nothing new: an idle shard
		{10, 600, 9, 500}, //
		{11, 700, 9, 500},
		{12, 800, 11, 700},
		{0, 0, 12, 800},
	} {
		applied = c.applied
		if c.index != 0 {
			f.hear(c.index, c.at, applied)
		}
		if got := f.since(to); got != c.want {
			t.Errorf("step %d: as of %d, want %d", i, got, c.want)
		}
	}
}
