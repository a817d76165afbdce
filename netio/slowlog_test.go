package netio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// lines is a log that can be looked at while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *lines) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

// slow returns what is logged of slow requests, in order.
func (w *lines) slow(t testing.TB) (out []map[string]any) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for line := range bytes.Lines(w.text.Bytes()) {
		m := map[string]any{}
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatal(err)
		}
		if m["msg"] == "a request was slow" {
			out = append(out, m)
		}
	}
	return out
}

// serveLogged is serve with a log.
func serveLogged(t *testing.T, slow time.Duration) (*serving, *lines) {
	w := &lines{}
	return serve(t, func(o *Options) {
		o.Loops = 1
		o.Logger = slog.New(slog.NewJSONHandler(w, nil))
		o.Limits.SlowRequest = slow
		o.ShardOf = func(s grid.Slot) int { return int(s) + 1 }
	}), w
}

// trace is the trace of a request, as its client knows it.
func (p *peer) trace(id uint32) string { return wire.RequestTrace(p.welcome.Trace, id) }

// When all requests are slow, each is logged once, in the order of the answers, with the
// trace that its client knows and what it waited for.
func TestSlowRequests(t *testing.T) {
	s, w := serveLogged(t, 1)
	s.shards.mu.Lock()
	s.shards.steps = grid.Steps{Queue: 1500, Commit: 20, Apply: 3}
	s.shards.mu.Unlock()
	p := s.login()
	lobby := roomKey("lobby")
	own := slotOf(string(p.welcome.User[:]))
	linear := wire.LevelFlags(grid.Linearizable)
	want := []string{"hello hello " + p.trace(p.id)}
	for _, c := range []struct {
		kind  grid.Kind
		flags wire.Flags
		body  []byte
		said  string // request and class
		slot  any    // nil: none
	}{
		{wire.KindPing, 0, []byte{0x90}, "ping other", nil},
		{wire.KindToken, 0, []byte{0x90}, "token other", nil},
		{0x0999, 0, []byte{0x90}, "other other", nil},
		{kindPut, 0, put(1, 1, "a", 5), "fake.put write", slotOf("a")},
		{kindPut, 0, put(2, 2, "a", -1), "fake.put write", slotOf("a")},
		{kindPut, 0, put(3, 3, "far", 1), "fake.put write", slotOf("far+")}, // sent on
		{kindPut, 0, put(4, 5, "a", 1), "fake.put write", nil},              // refused by the loop
		{kindGet, 0, get("a"), "fake.get read", slotOf("a")},
		{kindGet, 0, get("nothing"), "fake.get read", slotOf("nothing")},
		{kindGet, wire.LevelFlags(grid.Stale), get("a"), "fake.get read", slotOf("a")},
		{kindGet, linear, get("a"), "fake.get linearizable", slotOf("a")},
		{kindGet, linear, get("nothing"), "fake.get linearizable", slotOf("nothing")},
		{kindPart, 0, get("a"), "fake.part archive", slotOf("a")},
		{kindSum, 0, get("a"), "fake.sum read", slotOf("a")},
		{session.KindTrack, 0, again(&session.TrackRequest{Key: lobby}), "presence.track write", own},
		{kindSay, 0, said(lobby, "hi"), "fake.say relay", slotOf(lobby)},
	} {
		id := p.send(c.kind, c.flags, c.body)
		p.reply(id)
		want = append(want, c.said+" "+p.trace(id))
		s.until("it is logged", func() bool { return len(w.slow(t)) >= len(want) })
		got := w.slow(t)[len(want)-1]
		if n, is := got["slot"].(float64); is != (c.slot != nil) || is && (int(n) != c.slot || got["shard"] != n+1) {
			t.Errorf("%s: it is logged as %v, want slot %v", c.said, got, c.slot)
		}
		if c.slot != nil && strings.HasSuffix(c.said, "write") &&
			fmt.Sprint(got["queue_ms"], got["commit_ms"], got["apply_ms"]) != "1.5 0.02 0.003" {
			t.Errorf("%s: it is logged as %v, want its steps", c.said, got)
		}
		if got["user"] != p.welcome.User.String() || got["session"] != fmt.Sprintf("%016x", uint64(p.welcome.Session)) {
			t.Errorf("%s: it is logged as of %v, session %v", c.said, got["user"], got["session"])
		}
		if took, is := got["ms"].(float64); !is || took < 0 || took > float64(patience.Milliseconds()) {
			t.Errorf("%s: it took %v ms", c.said, got["ms"])
		}
	}
	for i, m := range w.slow(t) {
		if got := fmt.Sprintf("%s %s %s", m["request"], m["class"], m["trace"]); i >= len(want) || got != want[i] {
			t.Errorf("%d: %s is logged, want %v", i, got, want[min(i, len(want)-1)])
		}
	}
	if n := s.Stats().Slow; n != uint64(len(want)) {
		t.Errorf("%d were slow, want %d", n, len(want))
	}
}

// With no bound nothing is logged; the bound can be changed while requests are served.
func TestSlowRequestReloads(t *testing.T) {
	s, w := serveLogged(t, 0)
	p := s.login()
	var want []string
	for i, slow := range []time.Duration{0, 1, 0, time.Hour, 1} {
		if err := s.SetLimits(Limits{SlowRequest: slow}); err != nil {
			t.Fatal(err)
		}
		id := p.send(wire.KindPing, 0, []byte{0x90})
		p.reply(id)
		if slow == 1 {
			want = append(want, p.trace(id))
		}
		if got := s.Stats().Slow; got != uint64(len(want)) {
			t.Errorf("step %d: %d were slow, want %d", i, got, len(want))
		}
	}
	s.until("the last is logged", func() bool { return len(w.slow(t)) >= len(want) }) // and so all before it
	for i, m := range w.slow(t) {
		if m["trace"] != want[i] {
			t.Errorf("%v is logged, want %v", m["trace"], want[i])
		}
	}
	if err := s.SetLimits(Limits{SlowRequest: -1}); err == nil {
		t.Error("a negative bound is taken")
	}
}

// A log that takes its time holds up no loop: what is too much for it is only counted.
func TestSlowRequestsBeyondTheLog(t *testing.T) {
	s, w := serveLogged(t, 1)
	w.mu.Lock() // the log is stuck
	p := s.login()
	const pings = 2 * SlowRequestsMax
	for range pings {
		p.reply(p.send(wire.KindPing, 0, []byte{0x90}))
	}
	if n := s.Stats().Slow; n != pings+1 {
		t.Errorf("%d were slow, want %d", n, pings+1)
	}
	w.mu.Unlock()
	s.until("what waited is logged", func() bool { return len(w.slow(t)) >= SlowRequestsMax })
	if n := len(w.slow(t)); n > SlowRequestsMax+1 { // one was being written
		t.Errorf("%d are logged", n)
	}
}

// Answers are counted by their class, with the time since their requests came.
func TestNoteAnswers(t *testing.T) {
	const hour = int64(time.Hour)
	s := &Server{began: time.Now().Add(-3 * time.Hour)}
	s.limits.Store(newLimits(&Limits{}))
	l := &loop{server: s}
	answer := func(came int64, c class) {
		l.answers = append(l.answers, asked{Ref: grid.Ref{Came: came}, class: c})
	}
	answer(2*hour, classRead)
	answer(2*hour, classRead)
	answer(2*hour, classWrite)
	answer(1*hour, classWrite)
	answer(2*hour, classRead)
	l.noteAnswers()
	if len(l.answers) != 0 {
		t.Errorf("%d answers are kept", len(l.answers))
	}
	for _, took := range tooks([]*loop{l, l}) { // two that are the same
		want := map[string]struct{ n, hours uint64 }{"read": {6, 6}, "write": {4, 6}}[took.Class]
		n, sum := took.Micros.Count(), took.Micros.Sum
		if n != want.n || sum < want.hours*uint64(time.Hour.Microseconds()) {
			t.Errorf("%s: %d answers took %d µs, want %d and %d hours", took.Class, n, sum, want.n, want.hours)
		}
	}
}

func slotOf(key string) int { return int(grid.SlotOf([]byte(key))) }
