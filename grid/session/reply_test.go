package session

import (
	"encoding/hex"
	"reflect"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
)

const (
	hexSession = "c4080000000000000005"
	hexStream  = "9202a161" // the room a
)

// decoders decode each reply and push, with an example of its bytes, one field
// of a later version behind those that are known.
var decoders = map[string]struct {
	bytes  string
	decode func(*pack.Cursor) (any, error)
	want   any
}{
	"list": {"92" + "91" + "95" + hexSession + "07" + "c3" + "91" + hexStream + "c0" + "c0",
		func(in *pack.Cursor) (any, error) { return DecodeListReply(in) },
		ListReply{[]Session{{5, 7, true, []string{room("a")}}}}},
	"track": {"92" + hexStream + "c0",
		func(in *pack.Cursor) (any, error) { return DecodeTrackReply(in) }, TrackReply{room("a")}},
	"end": {"92c3c0",
		func(in *pack.Cursor) (any, error) { return DecodeEndReply(in) }, EndReply{true}},
	"open": {"92" + hexSession + "c0",
		func(in *pack.Cursor) (any, error) { return DecodeOpenReply(in) }, OpenReply{5}},
	"resume": {"92" + "91" + hexStream + "c0",
		func(in *pack.Cursor) (any, error) { return DecodeResumeReply(in) }, ResumeReply{[]string{room("a")}}},
	"refused": {"94" + hexStream + "08" + "a466756c6c" + "c0",
		func(in *pack.Cursor) (any, error) { return DecodeRefused(in) }, Refused{room("a"), 8, "full"}},
	"ended": {"9203c0",
		func(in *pack.Cursor) (any, error) { return DecodeEnded(in) }, MadeRoom},
}

func TestRepliesPassOverLaterFields(t *testing.T) {
	for name, c := range decoders {
		data, err := hex.DecodeString(c.bytes)
		if err != nil {
			t.Fatal(err)
		}
		in := pack.NewCursor(data)
		got, err := c.decode(&in)
		if !reflect.DeepEqual(got, c.want) || err != nil || in.Done() != nil {
			t.Errorf("%s: %+v, %v, %v", name, got, err, in.Done())
		}
	}
}

func TestShortRepliesAreErrors(t *testing.T) {
	for name, c := range decoders {
		data, err := hex.DecodeString(c.bytes)
		if err != nil {
			t.Fatal(err)
		}
		for cut := range data {
			in := pack.NewCursor(data[:cut])
			if got, err := c.decode(&in); err == nil {
				t.Errorf("%s cut to %x: %+v", name, data[:cut], got)
			}
		}
	}
	for _, c := range [][2]string{
		{"track", "90"}, {"end", "90"}, {"open", "90"}, {"resume", "90"}, {"refused", "92" + hexStream + "08"},
		{"ended", "90"}, {"list", "90"}, {"list", "91" + "91" + "93" + hexSession + "07c3"},
	} {
		name, data := c[0], c[1]
		b, err := hex.DecodeString(data)
		if err != nil {
			t.Fatal(err)
		}
		in := pack.NewCursor(b)
		if got, err := decoders[name].decode(&in); err == nil {
			t.Errorf("%s with a field too few: %+v", name, got)
		}
	}
}

func TestAListComesInPages(t *testing.T) {
	w := newWorld()
	var ids []grid.SessionID
	for i := range 2*ListMax + 1 {
		r := OpenRequest{User: alice, Origin: gateway, Conn: uint64(i), Server: true}
		ids = append(ids, w.open(t, r))
	}
	w.open(t, OpenRequest{User: person(0), Origin: gateway, Conn: 1})
	w.open(t, OpenRequest{User: person(2), Origin: gateway, Conn: 1})
	all := w.list(alice)
	for i, x := range all {
		if x.ID != ids[i] || uint64(x.Opened) != uint64(ids[i])>>12 || !x.Attached {
			t.Errorf("session %d is %+v", i, x)
		}
	}
	if len(all) != len(ids) {
		t.Errorf("%d sessions, want %d", len(all), len(ids))
	}
	page, err := ask(w, caller(alice, ids[0], gateway, 0), KindList, &ListRequest{}, DecodeListReply)
	if err != nil || len(page.Sessions) != ListMax {
		t.Errorf("%d sessions on a page, %v", len(page.Sessions), err)
	}
}
