package disk

import (
	"errors"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/record"
)

func TestDamage(t *testing.T) {
	told := NewLatch(nil)
	named := Corrupt("/data/records/000008.sst", "a bit flipped")
	_ = told.Fail(named)
	full := errors.New("no space left on device")
	for what, c := range map[string]struct {
		latch *Latch
		err   error
		want  string
	}{
		"nothing":       {NewLatch(nil), nil, "<nil>"},
		"another error": {NewLatch(nil), full, full.Error()},
		"a file":        {told, pebble.ErrCorruption, named.Error()},
		"named already": {NewLatch(nil), named, named.Error()},
		"some file": {NewLatch(nil), pebble.ErrCorruption,
			Corrupt("a file in /data", "pebble: corruption").Error()},
		"a log cut off":  {NewLatch(nil), replaying(record.ErrUnexpectedEOF), replayed("unexpected EOF")},
		"a broken chunk": {NewLatch(nil), replaying(record.ErrInvalidChunk), replayed("invalid chunk")},
		"a zero chunk":   {NewLatch(nil), replaying(record.ErrZeroedChunk), replayed("zeroed chunk")},
	} {
		if got := fmt.Sprint(Damage("/data", c.latch, c.err)); got != c.want {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
	}
}

func replaying(err error) error { return fmt.Errorf("replaying: %w", err) }

func replayed(what string) string {
	return Corrupt("a file in /data", "replaying: pebble/record: "+what).Error()
}
