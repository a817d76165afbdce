package grid

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

func TestElsewhereIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := Elsewhere{
			Slot: Slot(rapid.IntRange(0, Slots-1).Draw(t, "slot")),
			Body: rapid.SliceOf(rapid.Byte()).Draw(t, "body"),
		}
		id := RequestID{
			Seq: rapid.Uint64().Draw(t, "seq"), Low: rapid.Uint64().Draw(t, "low"),
			Mark: rapid.Uint32().Draw(t, "mark"),
		}
		b := e.Append(nil, &id)
		got, gotID, err := ReadElsewhere(b)
		if err != nil || got.Slot != e.Slot || !bytes.Equal(got.Body, e.Body) || gotID != id {
			t.Fatalf("%+v, %+v, %v, want %+v, %+v", got, gotID, err, e, id)
		}
		if cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut"); true {
			if _, _, err := ReadElsewhere(b[:cut]); err == nil {
				t.Fatalf("%d of %d bytes were enough", cut, len(b))
			}
		}
	})
}

func TestElsewhereIsInOurWorld(t *testing.T) {
	for _, b := range []string{
		"\x95\xcd\x10\x00\x01\x01\x01\xc4\x00",                         // slot 4096
		"\x94\x01\x01\x01\x01",                                         // no body
		"\x95\x01\x01\x01\xcf\x00\x00\x00\x01\x00\x00\x00\x00\xc4\x00", // mark 2^32
		"\x95\x01\x01\x01\x01\xc4\x00\x01",                             // a byte more
	} {
		if e, id, err := ReadElsewhere([]byte(b)); err == nil {
			t.Errorf("%x: %+v, %+v", b, e, id)
		}
	}
}
