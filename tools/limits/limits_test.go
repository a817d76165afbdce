package main

import (
	"strings"
	"testing"
	"time"

	"github.com/thronggrid/throng/tools/generated"
)

func TestFresh(t *testing.T) {
	made, err := files()
	if err != nil {
		t.Fatal(err)
	}
	if stale := generated.Stale(generated.Root, made); len(stale) > 0 {
		t.Errorf("not what the sources make: %q; run make generate", stale)
	}
}

func TestLayoutNamesWhatThereIs(t *testing.T) {
	found := map[string]limit{
		"grid/x.NameBytesMax": {value: 128, comment: "a name"},
		"grid/x.RowsMax":      {value: 1 << 20, comment: "rows"},
		"grid/x.BareMax":      {value: 1},
	}
	for _, tc := range []struct{ source, missing, fails string }{
		{`groups: [{title: X, limits: [{limit: grid/x.RowsMax}]}]`, "grid/x.BareMax grid/x.NameBytesMax", ""},
		{`groups: [{title: X, limits: [{limit: grid/x.NoMax}]}]`, "", "no constant grid/x.NoMax"},
		{`groups: [{title: X, limits: [{limit: grid/x.BareMax}]}]`, "", "no comment"},
		{`none: [grid/x.NoMax]`, "", "no constant grid/x.NoMax"},
	} {
		l, err := readLayout([]byte(tc.source))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(l.missing(found), " "); tc.missing != "" && got != tc.missing {
			t.Errorf("%s misses %q", tc.source, got)
		}
		if _, err := l.tables(found); (err != nil) != (tc.fails != "") ||
			err != nil && !strings.Contains(err.Error(), tc.fails) {
			t.Errorf("%s: %v, want %q", tc.source, err, tc.fails)
		}
	}
	if _, err := readLayout([]byte("group: []")); err == nil {
		t.Error("a key that there is not was taken")
	}
}

func TestValuesForPeople(t *testing.T) {
	for _, tc := range []struct {
		name  string
		limit limit
		want  string
	}{
		{"NameBytesMax", limit{value: 128}, "128 bytes"},
		{"FrameBytesMax", limit{value: 64 << 10}, "64 KiB"},
		{"TokenBytesMax", limit{value: 3 << 10}, "3,072 bytes"},
		{"ReplyBytesMax", limit{value: 16 << 20}, "16 MiB"},
		{"RecordsMax", limit{value: 1 << 27}, "134,217,728"},
		{"KeepMax", limit{value: int64(3650 * 24 * time.Hour), timed: true}, "3,650 days"},
		{"LifeMin", limit{value: int64(time.Minute), timed: true}, "1 minute"},
	} {
		if got := tc.limit.human(tc.name); got != tc.want {
			t.Errorf("%s of %d is %q, want %q", tc.name, tc.limit.value, got, tc.want)
		}
	}
}
