package chatter

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/thronggrid/throng/bench/load"
	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/grid/chat"
)

const rooms = 16

// said is what a sender says.
func said(user, n int) string {
	text := fmt.Sprintf("00000000 user %d message %d ", user, n)
	return text + strings.Repeat(".", load.ContentBytes-len(text))
}

// history is what room 3 of 16 has when its four senders have said two messages each.
func history() []chat.Message {
	var all []chat.Message
	for n := range 2 {
		for _, user := range []int{3, 19, 35, 51} {
			all = append(all, chat.Message{Seq: uint64(len(all)) + 1, Content: said(user, n)})
		}
	}
	return all
}

// verdict is what a run says that has read a room's history and knows what was sent.
func verdict(all []chat.Message, last uint64, sent int64) report.Check {
	t := transcript{room: 3, rooms: rooms}
	for _, m := range all {
		t.take(m)
	}
	t.end(last)
	r := report.New("chat")
	noteHistories(r, []transcript{{count: 5}, t}, sent+5)
	return r.Checks[0]
}

func TestARightHistoryPasses(t *testing.T) {
	if c := verdict(history(), 8, 8); !c.OK {
		t.Error(c.Detail)
	}
}

// Each way in which a history could be wrong is seen, and named.
func TestWrongHistoriesFail(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func([]chat.Message) []chat.Message
		says  string
	}{
		{"one missing", func(h []chat.Message) []chat.Message { return slices.Delete(h, 4, 5) },
			"number 6 stands where 5"},
		{"the first missing", func(h []chat.Message) []chat.Message { return h[1:] }, "number 2 stands where 1"},
		{"the last missing", func(h []chat.Message) []chat.Message { return h[:7] }, "7 messages were read"},
		{"one twice", func(h []chat.Message) []chat.Message { return slices.Insert(h, 5, h[4]) },
			"number 5 stands where 6"},
		{"two exchanged", func(h []chat.Message) []chat.Message { h[4], h[5] = h[5], h[4]; return h },
			"number 6 stands where 5"},
		{"one done twice instead of another", func(h []chat.Message) []chat.Message {
			h[5].Content = h[4].Content
			return h
		}, "is there twice"},
		{"of another room", func(h []chat.Message) []chat.Message { h[5].Content = said(4, 1); return h }, "of nobody"},
		{"cut", func(h []chat.Message) []chat.Message { h[5].Content = h[5].Content[:100]; return h }, "of nobody"},
		{"removed", func(h []chat.Message) []chat.Message { h[5].Content = ""; return h }, "of nobody"},
	} {
		if v := verdict(c.spoil(history()), 8, 8); v.OK || !strings.Contains(v.Detail, c.says) {
			t.Errorf("%s: held %v, %s", c.name, v.OK, v.Detail)
		}
	}
}

// What was acknowledged and is not there is missed, though all that is there is right.
func TestTheCountDecides(t *testing.T) {
	for sent, ok := range map[int64]bool{7: false, 8: true, 9: false} {
		if v := verdict(history(), 8, sent); v.OK != ok {
			t.Errorf("%d sent: %v, %s", sent, v.OK, v.Detail)
		}
	}
}

// measured is a load over one second whose every answer took as long.
func measured(ops, pushes int64, took time.Duration) *load.Measured {
	h := hdrhistogram.New(1, 60_000_000, 2)
	h.RecordValues(took.Microseconds(), ops)
	return &load.Measured{Stats: load.Stats{Ops: ops, Pushes: pushes, Elapsed: time.Second, Latency: h}}
}

func TestTargets(t *testing.T) {
	for _, c := range []struct {
		name string
		note func(*report.Report)
		met  bool
	}{
		{"45,780 a second", func(r *report.Report) { noteClosed(r, measured(45_780, 200_000, 1000)) }, true},
		{"45,779 a second", func(r *report.Report) { noteClosed(r, measured(45_779, 200_000, 1000)) }, false},
		{"19 ms", func(r *report.Report) { noteOpen(r, measured(1000, 4000, 19*time.Millisecond)) }, true},
		{"21 ms", func(r *report.Report) { noteOpen(r, measured(1000, 4000, 21*time.Millisecond)) }, false},
		{"median 0.2 s", func(r *report.Report) { noteFills(r, []float64{9, 0.2, 0.1}) }, true},
		{"median 0.21 s", func(r *report.Report) { noteFills(r, []float64{0.1, 0.21, 9}) }, false},
	} {
		r := report.New("chat")
		c.note(r)
		if len(r.Targets) != 1 || r.Targets[0].Met != c.met {
			t.Errorf("%s: %+v", c.name, r.Targets)
		}
	}
}

// Who acknowledges without pushing is found out.
func TestPushesMustBeMade(t *testing.T) {
	for pushes, ok := range map[int64]bool{4000: true, 3900: true, 3000: false, 1000: false, 0: false} {
		r := report.New("chat")
		noteClosed(r, measured(1000, pushes, 1000))
		if r.OK != ok {
			t.Errorf("%d pushes: %+v", pushes, r.Checks)
		}
	}
}
