package snapshot

import (
	"testing"

	"github.com/hashicorp/raft"
)

func TestStats(t *testing.T) {
	s := mustOpen(t, newDisk(t))
	if got := s.Stats(); got.Index != 0 || got.At != 0 || got.Taken != 0 {
		t.Errorf("empty: %+v", got)
	}
	begin := func(index uint64) raft.SnapshotSink {
		k, err := s.Create(raft.SnapshotVersionMax, index, 1, raft.Configuration{}, 1, nil)
		must(t, err)
		_, err = k.Write(payload(1000, index))
		must(t, err)
		return k
	}
	a, b := begin(5), begin(7)
	if got := s.Stats(); got.Under != 2 {
		t.Errorf("begun: %+v", got)
	}
	must(t, b.Close())
	newest := s.Stats()
	must(t, a.Close()) // overtaken
	must(t, begin(9).Cancel())
	got := s.Stats()
	if got.Taken != 2 || got.Failed != 1 || got.Under != 0 || got.Micros.Count() != 2 {
		t.Errorf("%+v", got)
	}
	if got.Index != 7 || got.Bytes < 1000 || got.At == 0 || got.At != newest.At || got.Bytes != newest.Bytes {
		t.Errorf("the newest is %d at %d, and was %+v", got.Index, got.At, newest)
	}
}
