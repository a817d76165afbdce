package disk

import (
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/grid/clock"
)

// still is a clock that is set by hand.
type still struct {
	clock.Clock
	at int64
}

func (s *still) Micros() int64 { return s.at }

func TestStalls(t *testing.T) {
	c := &still{at: 100}
	o := &pebble.Options{FS: vfs.NewMem()}
	s := Listen(o, "a test", slog.New(slog.DiscardHandler), NewLatch(func(error) {}), c)
	db, err := pebble.Open("db", o)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	o.EventListener.WriteStallBegin(pebble.WriteStallBeginInfo{})
	c.at += 7
	if r := s.Read(db); !r.Stalled || r.Stalls != 1 || r.StallMicros != 7 {
		t.Errorf("%+v", r)
	}
	o.EventListener.WriteStallEnd()
	c.at += 100
	o.EventListener.WriteStallBegin(pebble.WriteStallBeginInfo{})
	o.EventListener.WriteStallEnd()
	if r := s.Read(db); r.Stalled || r.Stalls != 2 || r.StallMicros != 7 || r.DiskBytes == 0 {
		t.Errorf("%+v", r)
	}
}
