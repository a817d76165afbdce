package resume

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/netio/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func sent(number uint64) client.Event { return said(number, fmt.Sprint("message ", number)) }

func said(number uint64, content string) client.Event {
	return client.Event{Kind: client.MessageSent, Message: chat.Message{Seq: number, Content: content}}
}

// four is what a member of a room with four messages must hear.
func four() []client.Event { return []client.Event{sent(1), sent(2), sent(3), sent(4)} }

// run lets two members hear something, and says what is wrong with it.
func run(acked, one, two []client.Event) (wrong []error, behind int) {
	r := newRoom("r")
	for _, e := range acked {
		r.ack(e.Message.Seq, e.Message.Content)
	}
	members := []*member{{room: r}, {room: r, number: 1}}
	for i, events := range [][]client.Event{one, two} {
		for _, e := range events {
			members[i].hear(e)
		}
	}
	b := bench{members: members}
	return r.problems(), b.count((*member).behind)
}

// However two members' hearing interleaves with the acknowledgements, what is right
// passes, also when an outcome stayed unknown.
func TestRightHearingPasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRoom("r")
		members := []*member{{room: r}, {room: r, number: 1}}
		n := rapid.IntRange(0, 8).Draw(t, "messages")
		var steps []func()
		for i := range uint64(n) {
			e := sent(i + 1)
			if rapid.Bool().Draw(t, "acknowledged") {
				steps = append(steps, func() { r.ack(e.Message.Seq, e.Message.Content) })
			}
		}
		steps = rapid.Permutation(steps).Draw(t, "acknowledgements")
		for len(steps) > 0 || members[0].at.Load()+members[1].at.Load() < 2*uint64(n) {
			if k := rapid.IntRange(0, 2).Draw(t, "who"); k < 2 {
				if at := members[k].at.Load(); at < uint64(n) {
					members[k].hear(sent(at + 1))
				}
			} else if len(steps) > 0 {
				steps[0]()
				steps = steps[1:]
			}
		}
		b := bench{members: members}
		if wrong := r.problems(); len(wrong) > 0 || b.count((*member).behind) > 0 {
			t.Fatal(wrong)
		}
	})
}

// Each way in which messages could be given wrongly is seen.
func TestWrongHearingFails(t *testing.T) {
	for _, c := range []struct {
		name       string
		acked, one []client.Event
		behind     int
		says       string // of what is wrong; "": nothing but that a member is behind
	}{
		{"one missing", nil, slices.Delete(four(), 1, 2), 0, "was given number 3, not 2"},
		{"the first missing", nil, four()[1:], 0, "was given number 2, not 1"},
		{"the last missing", nil, four()[:3], 1, ""},
		{"the last missing to all", []client.Event{sent(5)}, four(), 2, ""},
		{"one twice", nil, slices.Insert(four(), 2, sent(2)), 0, "was given number 2, not 3"},
		{"two exchanged", nil, []client.Event{sent(1), sent(3), sent(2), sent(4)}, 0, "was given number 3, not 2"},
		{"another content to one member", nil, []client.Event{sent(1), said(2, "x"), sent(3), sent(4)}, 0,
			"where there was something else"},
		{"done twice, under two numbers", nil, append(four(), said(5, "message 4")), 1, "and it is number 4 too"},
		{"another content than was acknowledged", []client.Event{said(3, "x")}, four(), 0,
			"where there was something else"},
		{"another number than was acknowledged", []client.Event{said(4, "message 3")}, four(), 0, "number 3"},
		{"acknowledged twice under one number", []client.Event{sent(3), sent(3)}, four(), 0, "acknowledged twice"},
		{"acknowledged under no number", []client.Event{said(0, "x")}, four(), 0, "under no number"},
		{"said to be gone", nil, append(four(), client.Event{Kind: client.MessagesGone, Gone: 2}), 0,
			"2 messages are gone"},
	} {
		wrong, behind := run(c.acked, c.one, four())
		if behind != c.behind || (len(wrong) > 0) != (c.says != "") ||
			!strings.Contains(fmt.Sprint(errors.Join(wrong...)), c.says) {
			t.Errorf("%s: %d behind, %v", c.name, behind, wrong)
		}
	}
}

func TestVerdict(t *testing.T) {
	right := outcome{
		took: 10 * time.Second, rate: 100, sent: 990, given: 9900, cut: 20, connects: 20, resumed: 19,
	}
	for _, c := range []struct {
		name  string
		spoil func(*outcome)
		ok    bool
	}{
		{"right", func(*outcome) {}, true},
		{"a member behind", func(o *outcome) { o.behind = 1 }, false},
		{"messages gone", func(o *outcome) { o.gone = 1 }, false},
		{"something wrong", func(o *outcome) { o.wrong = []error{errors.New("x")} }, false},
		{"a message unanswered", func(o *outcome) { o.failed = 1 }, false},
		{"half of the load", func(o *outcome) { o.sent = 499 }, false},
		{"no load", func(o *outcome) { o.sent, o.rate = 0, 0 }, false},
		{"nothing cut", func(o *outcome) { o.cut, o.resumed = 0, 0 }, false},
		{"sessions opened anew", func(o *outcome) { o.resumed = 17 }, false},
	} {
		o := right
		c.spoil(&o)
		r := report.New("resume")
		o.note(r)
		if r.OK != c.ok {
			t.Errorf("%s: %+v", c.name, r.Checks)
		}
	}
}

// A cut ends the connection for the other side too, without a goodbye.
func TestCut(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var s socket
	if s.cut() {
		t.Error("cut what never was")
	}
	if _, err := s.dial(t.Context(), l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	there, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	if !s.cut() || s.cut() {
		t.Error("cut not once")
	}
	if _, err := there.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a cut connection ends with %v", err)
	}
	if conn, err := s.dial(t.Context(), l.Addr().String()); err != nil || conn.Close() != nil || s.cut() {
		t.Errorf("cut what was closed: %v", err)
	}
}
