package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/thronggrid/throng/netio"
)

// The log tells what was lost since it last told, and nothing when nothing was.
func TestStrain(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	before := netio.Stats{PushesLost: 10, SlowReaders: 3, Turned: 5, Displaced: 2, Pushes: 1,
		Throttled: 8, Floods: 1}
	for name, c := range map[string]struct {
		now  netio.Stats
		want string
	}{
		"nothing": {netio.Stats{PushesLost: 10, SlowReaders: 3, Turned: 5, Displaced: 2,
			Pushes: 9, Failures: 4, Throttled: 8, Floods: 1}, ""},
		"pushes": {netio.Stats{PushesLost: 14, SlowReaders: 3, Turned: 5, Displaced: 2,
			Throttled: 8, Floods: 1},
			"pushes_dropped=4 closed_for_not_reading=0 turned_away=0"},
		"readers": {netio.Stats{PushesLost: 10, SlowReaders: 4, Turned: 5, Displaced: 2,
			Throttled: 8, Floods: 1},
			"pushes_dropped=0 closed_for_not_reading=1 turned_away=0"},
		"room": {netio.Stats{PushesLost: 10, SlowReaders: 3, Turned: 6, Displaced: 4,
			Throttled: 8, Floods: 1}, "turned_away=3 requests_throttled=0"},
		"requests": {netio.Stats{PushesLost: 10, SlowReaders: 3, Turned: 5, Displaced: 2,
			Throttled: 15, Floods: 1}, "requests_throttled=7 closed_for_flooding=0"},
		"floods": {netio.Stats{PushesLost: 10, SlowReaders: 3, Turned: 5, Displaced: 2,
			Throttled: 8, Floods: 3, Connections: 7}, "closed_for_flooding=2 connections=7"},
	} {
		out.Reset()
		logStrain(log, before, c.now)
		if got := out.String(); !strings.Contains(got, c.want) || (c.want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
