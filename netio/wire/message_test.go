package wire

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// message is what every message of this package is.
type message interface {
	Append([]byte) []byte
	Decode(*pack.Cursor) error
}

func aHello() *Hello {
	return &Hello{1, 2, ProviderCustom, "player-0001", []byte("12345678"), "test/1", nil}
}

func aResume() *Hello {
	h, t := aHello(), aWelcome().Resume
	h.Provider, h.Credential, h.Resume = ProviderToken, "a session token", &t
	return h
}

func aWelcome() *Welcome {
	user := grid.UserID("custom", "player-0001")
	id := grid.SessionIDOf(1_700_000_000_000_000, grid.SlotOf(user[:]))
	return &Welcome{
		Version: 1, User: user, RequestsMax: 64, FrameBytesMax: FrameBytesMax, Agent: "throng/1",
		Session: id, Resume: ResumeToken{id, [16]byte([]byte("0123456789abcdef"))},
		Trace: 0x0123456789abcdef,
	}
}

func aResumed() *Welcome {
	w := aWelcome()
	w.Resumed = true
	w.Streams = []string{
		string(grid.StatusKey(nil, w.User)), string(grid.AppendKey(nil, grid.StreamRoom, "lobby")),
	}
	return w
}

func aRefreshed() *Welcome {
	w := aWelcome()
	w.Tokens = someTokens()
	return w
}

func someTokens() *Tokens {
	at := time.Unix(1_700_000_000, 0)
	return &Tokens{"a session token", at.Add(time.Minute), "a refresh token", at.Add(time.Hour)}
}

func aGoodbye() *Goodbye { return &Goodbye{Shutdown, Shutdown.Text(), 1500 * time.Millisecond} }

// messages are one of each, and where to decode it.
func messages() []struct{ in, out message } {
	return []struct{ in, out message }{
		{aHello(), new(Hello)}, {aResume(), new(Hello)},
		{aWelcome(), new(Welcome)}, {aResumed(), new(Welcome)},
		{aRefreshed(), new(Welcome)},
		{aGoodbye(), new(Goodbye)}, {someTokens(), new(Tokens)},
	}
}

func TestMessagesRoundTrip(t *testing.T) {
	for _, c := range messages() {
		b := c.in.Append(nil)
		cur := pack.NewCursor(b)
		if err := c.out.Decode(&cur); err != nil {
			t.Fatal(err)
		}
		for i := range b {
			b[i] = 0xa5 // what was decoded must not be a view
		}
		if !reflect.DeepEqual(c.in, c.out) {
			t.Errorf("%+v came back as %+v", c.in, c.out)
		}
	}
}

// Fields that a later version appends are skipped; a missing field is an error.
func TestMessagesGrowAtTheEnd(t *testing.T) {
	for _, c := range messages() {
		b := c.in.Append(nil)
		b[0]++ // one more element
		b = pack.AppendString(b, "from the future")
		cur := pack.NewCursor(b)
		if err := c.out.Decode(&cur); err != nil || !reflect.DeepEqual(c.in, c.out) {
			t.Errorf("%T with a later field: %+v, %v", c.in, c.out, err)
		}
		b[0] -= 2
		switch c.in.(type) {
		case *Hello:
			b[0]-- // the last field may be left out
		case *Welcome:
			b[0] -= 2 // the last two may
		}
		cur = pack.NewCursor(b)
		if err := c.out.Decode(&cur); fault.CodeOf(err) != fault.InvalidArgument {
			t.Errorf("%T with a field too few: %v", c.in, err)
		}
	}
}

// A welcome of before it had a trace, or tokens, has none.
func TestOlderWelcomes(t *testing.T) {
	want := aResumed()
	want.Trace = 0
	b := aResumed().Append(nil)
	const trace, tokens = 2 + 8, 1 // bytes
	for _, cut := range []int{trace, tokens} {
		b[0]--
		b = b[:len(b)-cut]
		w := Welcome{Trace: 1}
		cur := pack.NewCursor(b)
		if err := w.Decode(&cur); err != nil || !reflect.DeepEqual(&w, want) || cur.Done() != nil {
			t.Errorf("%+v, %v", w, err)
		}
	}
}

// A hello of before there were sessions resumes none.
func TestHelloWithoutResume(t *testing.T) {
	b := aHello().Append(nil)
	b[0]--
	h := Hello{}
	cur := pack.NewCursor(b[:len(b)-1])
	if err := h.Decode(&cur); err != nil || !reflect.DeepEqual(&h, aHello()) || cur.Done() != nil {
		t.Errorf("%+v, %v", h, err)
	}
}

// Fields of a fixed size must have it.
func TestSizesOfFields(t *testing.T) {
	for name, spoil := range map[string]func() (message, []byte){
		"resume token": func() (message, []byte) { return new(Hello), aResume().Append(nil) },
		"session":      func() (message, []byte) { return new(Welcome), aWelcome().Append(nil) },
		"trace":        func() (message, []byte) { return new(Welcome), aWelcome().Append(nil) },
	} {
		m, b := spoil()
		at := bytes.LastIndexByte(b, 24)
		switch name {
		case "session":
			at = bytes.Index(b, []byte{0xc4, 8}) + 1
		case "trace":
			at = bytes.LastIndex(b, []byte{0xc4, 8}) + 1
		}
		b = append(b[:at+1], b[at+2:]...)
		b[at]--
		cur := pack.NewCursor(b)
		if err := m.Decode(&cur); fault.CodeOf(err) != fault.InvalidArgument {
			t.Errorf("%s a byte short: %v", name, err)
		}
	}
	w := aWelcome()
	for range StreamsMax + 1 {
		w.Streams = append(w.Streams, "\x02x")
	}
	cur := pack.NewCursor(w.Append(nil))
	if err := w.Decode(&cur); fault.CodeOf(err) != fault.InvalidArgument {
		t.Errorf("too many streams: %v", err)
	}
}

func TestHelloCheck(t *testing.T) {
	for name, spoil := range map[string]func(*Hello){
		"short custom id": func(h *Hello) { h.Credential = "12345" },
		"long custom id":  func(h *Hello) { h.Credential = strings.Repeat("x", 129) },
		"not text":        func(h *Hello) { h.Credential = "player\xff\xfe" },
		"short nonce":     func(h *Hello) { h.Nonce = h.Nonce[:7] },
		"long nonce":      func(h *Hello) { h.Nonce = make([]byte, 33) },
		"long agent":      func(h *Hello) { h.Agent = strings.Repeat("x", 129) },
		"long provider":   func(h *Hello) { h.Provider = strings.Repeat("x", 33) },
		"long credential": func(h *Hello) { h.Credential = strings.Repeat("x", TokenBytesMax+1) },
		"short device id": func(h *Hello) { h.Provider, h.Credential = ProviderDevice, "123456789" },
	} {
		h := aHello()
		spoil(h)
		var f *fault.Error
		if err := h.Check(); !errors.As(err, &f) || f.Code != fault.InvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := aHello().Check(); err != nil {
		t.Error(err)
	}
}

// The table is in order, its names are unique, and what one can do about a
// reason agrees with its range.
func TestReasons(t *testing.T) {
	names := map[string]bool{}
	last := Reason(0)
	for _, e := range Reasons() {
		if e.Reason <= last || e.Reason < 1000 || e.Reason >= 3000 {
			t.Errorf("%d follows %d", e.Reason, last)
		}
		if e.Name == "" || e.Text == "" || names[e.Name] {
			t.Errorf("%d: name %q, text %q", e.Reason, e.Name, e.Text)
		}
		if e.Reason.Reconnect() != (e.Reason < 2000) || e.Reason.String() != e.Name {
			t.Errorf("%d is at odds with its entry", e.Reason)
		}
		last, names[e.Name] = e.Reason, true
	}
	if Reason(1999).Text() != "reason 1999" {
		t.Error(Reason(1999).Text())
	}
	for code, want := range map[fault.Code]Reason{
		fault.Unauthenticated: Unauthenticated, fault.Aborted: Shutdown, fault.Internal: InternalFail,
		fault.ResourceExhausted: Overloaded, fault.OutOfRange: BadHello, 17: Overloaded,
	} {
		if got := ReasonOf(code); got != want {
			t.Errorf("a hello that met %v is closed for %v", code, got)
		}
	}
	// A number that does not fit must not turn into one that says "reconnect".
	var g Goodbye
	cur := pack.NewCursor([]byte{0x93, 0xce, 0, 1, 0x03, 0xe8, 0xa0, 0}) // 65536+1000
	if err := g.Decode(&cur); err != nil || g.Reason.Reconnect() {
		t.Errorf("%+v, %v", g, err)
	}
}

// fuzzMessage holds that whatever decodes also survives being written again.
func fuzzMessage(f *testing.F, seed message, fresh func() message) {
	f.Add(seed.Append(nil))
	f.Add([]byte{0xdd, 0xff, 0xff, 0xff, 0xff})
	f.Add(bytes.Repeat([]byte{0x91}, 100))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, again := fresh(), fresh()
		cur := pack.NewCursor(b)
		if m.Decode(&cur) != nil {
			return
		}
		cur = pack.NewCursor(m.Append(nil))
		if err := again.Decode(&cur); err != nil || cur.Done() != nil || !reflect.DeepEqual(m, again) {
			t.Fatalf("%+v came back as %+v (%v)", m, again, err)
		}
	})
}

func FuzzHello(f *testing.F)   { fuzzMessage(f, aResume(), func() message { return new(Hello) }) }
func FuzzWelcome(f *testing.F) { fuzzMessage(f, aRefreshed(), func() message { return new(Welcome) }) }
func FuzzTokens(f *testing.F)  { fuzzMessage(f, someTokens(), func() message { return new(Tokens) }) }
func FuzzGoodbye(f *testing.F) { fuzzMessage(f, aGoodbye(), func() message { return new(Goodbye) }) }
