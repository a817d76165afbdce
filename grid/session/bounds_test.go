package session

import (
	"fmt"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
)

// TestStreamsBound: how many streams a session may be on travels in the command, so
// that every replica decides alike; a command without it goes by StreamsMax.
func TestStreamsBound(t *testing.T) {
	w := newWorld()
	id := w.open(t, OpenRequest{User: alice, Origin: gateway, Conn: 1})
	c := caller(alice, id, gateway, 1)
	c.Limits = &grid.Limits{grid.StreamsPerSessionBound: 2}
	w.track(t, c, room("a"), "")
	w.track(t, c, room("b"), "")
	_, err := ask(w, c, KindTrack, &TrackRequest{room("c"), ""}, DecodeTrackReply)
	if fault.CodeOf(err) != fault.ResourceExhausted ||
		!strings.Contains(err.Error(), "streams_per_session_max") {
		t.Errorf("a third stream of 2: %v", err)
	}
	w.track(t, c, room("a"), "another status")
	c.Limits = nil
	w.track(t, c, room("c"), "")
	c.Limits = &grid.Limits{grid.StreamsPerSessionBound: 1 << 30}
	for i := range StreamsMax - 3 {
		w.track(t, c, room(fmt.Sprint("more", i)), "")
	}
	_, err = ask(w, c, KindTrack, &TrackRequest{room("beyond"), ""}, DecodeTrackReply)
	if fault.CodeOf(err) != fault.ResourceExhausted || !strings.Contains(err.Error(), "128") {
		t.Errorf("one stream more than there may be at all: %v", err)
	}
}

func TestStatusBound(t *testing.T) {
	c := caller(alice, 5, gateway, 3)
	c.Limits = &grid.Limits{grid.StatusBytesBound: 4}
	if _, _, err := prepare(c, KindTrack, &TrackRequest{room("a"), "away"}); err != nil {
		t.Errorf("4 of 4 bytes: %v", err)
	}
	_, _, err := prepare(c, KindTrack, &TrackRequest{room("a"), "away!"})
	if fault.CodeOf(err) != fault.InvalidArgument || !strings.Contains(err.Error(), "status_bytes_max") {
		t.Errorf("5 of 4 bytes: %v", err)
	}
}
