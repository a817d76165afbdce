package netio

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

func TestRequests(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	if n := p.number(p.send(kindPut, 0, put(1, 1, "a", 5))); n != 0 {
		t.Errorf("before the first put: %d", n)
	}
	if n := p.number(p.send(kindPut, 0, put(2, 2, "a", 6))); n != 5 {
		t.Errorf("before the second put: %d", n)
	}
	for _, level := range []grid.Level{grid.Leader, grid.Linearizable, grid.Stale} {
		if n, _ := p.aged(p.send(kindGet, wire.LevelFlags(level), get("a")), level); n != 6 {
			t.Errorf("level %d: %d", level, n)
		}
	}
	id := p.send(wire.KindPing, 0, []byte{0x90})
	f := p.frame()
	if f.Kind != wire.KindPing || f.Flags != wire.Reply || f.ID != id || len(f.Body) != 1 {
		t.Errorf("ping: %+v", f)
	}
}

func TestErrorsOfRequests(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	for name, c := range map[string]struct {
		kind  grid.Kind
		flags wire.Flags
		body  []byte
		want  fault.Code
	}{
		"refused by the state":     {kindPut, 0, put(1, 1, "a", -1), fault.OutOfRange},
		"not found":                {kindGet, 0, get("nothing"), fault.NotFound},
		"not found, linearizable":  {kindGet, wire.LevelFlags(grid.Linearizable), get("nothing"), fault.NotFound},
		"no such level":            {kindGet, wire.LevelFlags(3), get("a"), fault.InvalidArgument},
		"unknown kind":             {0x0999, 0, []byte{0x90}, fault.Unimplemented},
		"unknown kind beyond all":  {0xffff, 0, []byte{0x90}, fault.Unimplemented},
		"unknown control kind":     {0x0044, 0, []byte{0x90}, fault.Unimplemented},
		"goodbye from a client":    {wire.KindGoodbye, 0, []byte{0x90}, fault.Unimplemented},
		"hello twice":              {wire.KindHello, 0, []byte{0x90}, fault.FailedPrecondition},
		"number below low":         {kindPut, 0, put(4, 5, "a", 1), fault.OutOfRange},
		"number beyond the window": {kindPut, 0, put(69, 5, "a", 1), fault.OutOfRange},
		"a write of one element":   {kindPut, 0, []byte{0x91, 1}, fault.InvalidArgument},
		"too few fields":           {kindPut, 0, []byte{0x93, 1, 1, 0xa1, 'a'}[:5], fault.InvalidArgument},
		"a write that is a map":    {kindPut, 0, []byte{0x80}, fault.InvalidArgument},
		"a read that is nil":       {kindGet, 0, []byte{0xc0}, fault.InvalidArgument},
		"a wrong type":             {kindGet, 0, []byte{0x91, 0x01}, fault.InvalidArgument},
		"a string too long":        {kindGet, 0, []byte{0x91, 0xdb, 0xff, 0xff, 0xff, 0xff}, fault.InvalidArgument},
		"an array too long":        {kindGet, 0, []byte{0xdd, 0xff, 0xff, 0xff, 0xff}, fault.InvalidArgument},
		"the byte never used":      {kindGet, 0, []byte{0xc1}, fault.InvalidArgument},
		"deep nesting":             {kindGet, 0, bytes.Repeat([]byte{0x91}, 60_000), fault.InvalidArgument},
	} {
		t.Run(name, func(t *testing.T) {
			p.t = t
			p.failure(p.send(c.kind, c.flags, c.body), c.want)
		})
	}
	p.t = t
	p.works() // the connection has survived it all
}

// Fields that a later version appends do no harm.
func TestLaterFields(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	b := put(1, 1, "a", 5)
	b[0]++
	p.number(p.send(kindPut, 0, pack.AppendString(b, "from the future")))
	b = get("a")
	b[0]++
	if n := p.number(p.send(kindGet, 0, pack.AppendNil(b))); n != 5 {
		t.Error(n)
	}
}

func TestPipelinedAndSplit(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	var all []byte
	for i := range uint32(64) {
		all = append(all, request(kindPut, 0, 100+i, put(uint64(i)+1, 1, "a", int64(i)))...)
	}
	for len(all) > 0 { // in pieces of 7 bytes
		n := min(7, len(all))
		p.write(all[:n])
		all = all[n:]
	}
	for i := range uint32(64) {
		if got := p.number(100 + i); got != max(0, int64(i)-1) {
			t.Fatalf("put %d: %d before it", i, got)
		}
	}
}

func TestHello(t *testing.T) {
	s := serve(t, nil)
	p := s.dial()
	h := aHello()
	h.VersionMax = 9
	p.send(wire.KindHello, 0, h.Append(nil))
	f := p.frame()
	var w wire.Welcome
	in := pack.NewCursor(f.Body)
	if err := w.Decode(&in); err != nil {
		t.Fatal(err)
	}
	want := wire.Welcome{Version: 1, User: grid.UserID("custom", "player-0001"),
		RequestsMax: grid.RequestsMax, FrameBytesMax: wire.FrameBytesMax, Agent: "throng",
		Trace: traceOf(s.shards.Origin(), 1<<generationShift)} // the first of the first loop
	if w.Session == 0 || w.Resume.Session != w.Session || w.Resume.Secret == [16]byte{} {
		t.Errorf("a session %x to be resumed with %x", w.Session, w.Resume)
	}
	w.Session, w.Resume, w.Streams = 0, wire.ResumeToken{}, nil
	if !reflect.DeepEqual(w, want) {
		t.Errorf("got %+v, want %+v", w, want)
	}

	p = s.dial()
	h = aHello()
	h.Provider, h.Credential = wire.ProviderServer, testKey
	p.send(wire.KindHello, 0, h.Append(nil))
	if f := p.frame(); f.Flags != wire.Reply {
		t.Errorf("the right key was refused: %+v", f)
	}
	p.works()
}

func TestHelloRefused(t *testing.T) {
	s := serve(t, nil)
	for name, c := range map[string]struct {
		spoil  func(*wire.Hello)
		code   fault.Code
		reason wire.Reason
	}{
		"wrong key": {func(h *wire.Hello) { h.Provider, h.Credential = "server", testKey+"!" },
			fault.Unauthenticated, wire.Unauthenticated},
		"no provider": {func(h *wire.Hello) { h.Provider = "" },
			fault.Unauthenticated, wire.Unauthenticated},
		"later client": {func(h *wire.Hello) { h.VersionMin, h.VersionMax = 2, 3 },
			fault.FailedPrecondition, wire.UnsupportedVersion},
		"no version": {func(h *wire.Hello) { h.VersionMin, h.VersionMax = 0, 0 },
			fault.FailedPrecondition, wire.UnsupportedVersion},
		"short id": {func(h *wire.Hello) { h.Credential = "12345" },
			fault.InvalidArgument, wire.BadHello},
		"not text": {func(h *wire.Hello) { h.Credential = "\xff\xfe\xfd\xfc\xfb\xfa" },
			fault.InvalidArgument, wire.BadHello},
		"no nonce": {func(h *wire.Hello) { h.Nonce = nil },
			fault.InvalidArgument, wire.BadHello},
		"long agent": {func(h *wire.Hello) { h.Agent = strings.Repeat("x", 129) },
			fault.InvalidArgument, wire.BadHello},
	} {
		t.Run(name, func(t *testing.T) {
			p := s.dial()
			p.t = t
			h := aHello()
			c.spoil(&h)
			p.failure(p.send(wire.KindHello, 0, h.Append(nil)), c.code)
			p.goodbye(c.reason)
		})
	}
}

// No key set: no server may connect, not even with an empty one.
func TestNoServerKey(t *testing.T) {
	s := serve(t, func(o *Options) { o.ServerKey = "" })
	p := s.dial()
	h := aHello()
	h.Provider, h.Credential = wire.ProviderServer, ""
	p.failure(p.send(wire.KindHello, 0, h.Append(nil)), fault.Unauthenticated)
	p.goodbye(wire.Unauthenticated)
}

// What cannot go on ends with a reason, and other connections do not notice.
func TestBadStreams(t *testing.T) {
	s := serve(t, nil)
	other := s.login()
	hello := func(p *peer) {
		h := aHello()
		p.send(wire.KindHello, 0, h.Append(nil))
		p.frame()
	}
	for name, c := range map[string]struct {
		hello  bool
		bytes  []byte
		reason wire.Reason
	}{
		"4 GiB":                {true, []byte{0xff, 0xff, 0xff, 0xff}, wire.BadFrame},
		"4 GiB at once":        {false, []byte{0xff, 0xff, 0xff, 0xff}, wire.BadFrame},
		"a length of 8":        {true, []byte{0, 0, 0, 8, 0, 3, 0, 0, 0, 0, 0, 1}, wire.BadFrame},
		"a length of 0":        {true, make([]byte, 12), wire.BadFrame},
		"a large frame":        {true, []byte{0, 1, 0, 0}, wire.BadFrame},
		"a large hello":        {false, []byte{0, 0, 0x20, 0}, wire.BadFrame},
		"a request first":      {false, request(kindGet, 0, 1, get("a")), wire.HelloExpected},
		"a ping first":         {false, request(wire.KindPing, 0, 1, []byte{0x90}), wire.HelloExpected},
		"an undecodable hello": {false, request(wire.KindHello, 0, 1, []byte{0xc1}), wire.BadHello},
	} {
		t.Run(name, func(t *testing.T) {
			p := s.dial()
			p.t = t
			if c.hello {
				hello(p)
			}
			p.write(c.bytes)
			if c.reason != wire.BadFrame {
				p.frame() // the error reply
			}
			p.goodbye(c.reason)
			other.works()
		})
	}
	s.until("only one connection is left", func() bool { return s.Stats().Connections == 1 })
}

// A connection whose request meets a fault ends alone, with a reason.
func TestFaults(t *testing.T) {
	s := serve(t, nil)
	other := s.login()
	for _, c := range []struct {
		kind grid.Kind
		body []byte
	}{{kindPanic, put(2, 1, "a", 1)}, {kindTrap, get("a")}} {
		p := s.login()
		id := p.send(kindPut, 0, put(1, 1, "before", 1))
		p.number(id)
		p.write(append(request(c.kind, 0, 9, c.body), request(kindGet, 0, 10, get("before"))...))
		p.goodbye(wire.InternalFail)
		other.works()
	}
	if n := s.Stats().Panics; n != 2 {
		t.Errorf("%d faults counted", n)
	}
}

// A fault costs others that wait for the same turn nothing.
func TestFaultAmongParked(t *testing.T) {
	s := serve(t, func(o *Options) { o.Loops, o.ReadsPerTurn = 1, 1 })
	blocker := s.login()
	var waiting []*peer
	for range 9 {
		waiting = append(waiting, s.login())
	}
	waiting[0].works()
	blocked := blocker.send(kindBlock, 0, get("x"))
	<-s.shards.blocked
	const faulty = 4
	for i, p := range waiting {
		if i == faulty {
			p.id = p.send(kindTrap, 0, get("x"))
		} else {
			p.id = p.send(kindGet, 0, get("works"))
		}
	}
	s.shards.unblock <- struct{}{}
	blocker.number(blocked)
	for i, p := range waiting {
		if i == faulty {
			p.goodbye(wire.InternalFail)
		} else if n := p.number(p.id); n != 7 {
			t.Errorf("%d of %d reads %d", i, len(waiting), n)
		}
	}
}

func TestRefusalsOfTheShards(t *testing.T) {
	s := serve(t, nil)
	p := s.login()
	s.shards.mu.Lock()
	s.shards.refuse = fault.New(fault.ResourceExhausted, "full")
	s.shards.mu.Unlock()
	p.failure(p.send(kindPut, 0, put(1, 1, "a", 1)), fault.ResourceExhausted)
	s.shards.mu.Lock()
	s.shards.refuse, s.shards.err = nil, fault.New(fault.Unavailable, "no leader")
	s.shards.mu.Unlock()
	first := p.send(kindPut, 0, put(1, 1, "a", 1))
	p.failure(first, fault.Unavailable)
	p.failure(p.send(kindGet, wire.LevelFlags(grid.Linearizable), get("a")), fault.Unavailable)
	s.shards.mu.Lock()
	s.shards.err = nil
	s.shards.mu.Unlock()
	p.works()
}
