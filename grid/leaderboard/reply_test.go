package leaderboard

import (
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid/pack"
)

func TestRepliesPassOverLaterFields(t *testing.T) {
	in := pack.NewCursor([]byte{0x94, 5, 0xff, 0xc3, 0x92, 1, 0xc0})
	got, err := DecodeSubmitReply(&in)
	if want := (SubmitReply{5, -1, true}); got != want || err != nil || in.Done() != nil {
		t.Fatalf("%+v, %v, %v", got, err, in.Done())
	}
}

func TestShortRepliesAreErrors(t *testing.T) {
	owner := person(1)
	record := appendRecord(nil, &owner, 1, 0, 0, 1, "")
	record[0]-- // one element less
	for name, c := range map[string]struct {
		data   []byte
		decode func(*pack.Cursor) error
		want   string
	}{
		"field missing": {[]byte{0x92, 5, 6, 0xc3},
			func(in *pack.Cursor) error { _, err := DecodeSubmitReply(in); return err }, "at least 3"},
		"cut short": {[]byte{0x92, 5},
			func(in *pack.Cursor) error { _, err := DecodePageReply(in); return err }, "bytes left"},
		"record field missing": {append([]byte{0x92, 1, 0x91}, record...),
			func(in *pack.Cursor) error { _, err := DecodePageReply(in); return err }, "at least 5"},
		"owner too short": {[]byte{0x92, 1, 0x91, 0x95, 0xc4, 1, 7, 1, 1, 1, 1},
			func(in *pack.Cursor) error { _, err := DecodePageReply(in); return err }, "owner of 1 byte"},
	} {
		in := pack.NewCursor(c.data)
		if err := c.decode(&in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
