package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/client"
	"github.com/thronggrid/throng/netio/wire"
)

// patience bounds every wait for something that must happen.
const patience = 2 * time.Minute

// hangMax is how long who behaves may ever wait: whoever plays would have gone.
const hangMax = 20 * time.Second

// victim is a server process that is abused.
type victim struct {
	t        *testing.T
	addr     string
	http     string
	dir      string // its data
	process  *os.Process
	answered atomic.Int64 // requests of who behaves
	failed   atomic.Bool  // one of these was
	users    atomic.Int64 // that were named
}

func startVictim(t *testing.T) *victim {
	v := &victim{t: t, dir: t.TempDir()}
	both, process := startProcess(t, v.dir, "--http-addr", "127.0.0.1:0",
		"--session-requests-per-second=0", "--user-requests-per-second=0")
	v.addr, v.http, _ = strings.Cut(both, " http=")
	v.process = process
	return v
}

// quarry is a room whose history is large.
const quarry = "quarry"

// behave lets somebody use the server well until all tests have ended.
func (v *victim) behave() {
	v.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	c, err := client.Dial(ctx, v.addr, client.Options{Credential: client.Custom("well-behaved")})
	if err != nil {
		v.t.Fatal(err)
	}
	r, err := c.Join(ctx, quarry, client.JoinOptions{})
	if err != nil {
		v.t.Fatal(err)
	}
	stone := strings.Repeat("x", chat.ContentBytesMax)
	for range chat.HistoryBytesMax / chat.ContentBytesMax {
		if _, err := r.Send(ctx, stone); err != nil {
			v.t.Fatal(err)
		}
	}
	ended := make(chan struct{})
	var took []time.Duration
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			began := time.Now()
			_, err := r.Count(ctx)
			if err == nil {
				err = r.SetStatus(ctx, "here")
			}
			if err != nil && ctx.Err() == nil {
				v.t.Errorf("who behaves met %v", err)
				v.failed.Store(true)
				return
			}
			took = append(took, time.Since(began))
			v.answered.Add(1)
		}
	}()
	v.t.Cleanup(func() {
		stop()
		<-ended
		if s := c.Stats(); s.Connects != 1 {
			v.t.Errorf("who behaves had to connect %d times", s.Connects)
		}
		c.Close()
		slices.Sort(took)
		n := len(took)
		v.t.Logf("who behaves was answered %d times: in %v, 99 %% in %v, at the longest %v",
			n, took[n/2], took[n*99/100], took[n-1])
		if took[n-1] > hangMax {
			v.t.Errorf("who behaves waited for %v", took[n-1])
		}
	})
}

// memory returns the most megabytes that the process ever took.
func (v *victim) memory(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", v.process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`VmHWM:\s+([0-9]+) kB`).FindSubmatch(text)
	if found == nil {
		t.Fatalf("no VmHWM in %s", text)
	}
	kb, _ := strconv.Atoi(string(found[1]))
	return kb >> 10
}

// abuser is one who abuses a server, over TCP or by WebSocket.
type abuser struct {
	*testing.T
	*victim
	web  bool
	from net.IP // nil: any of this machine
}

// user names another player each time.
func (a *abuser) user() string { return fmt.Sprint("abuser-", a.users.Add(1)) }

// undisturbed waits until who behaves was answered some more, and looks at the memory.
func (a *abuser) undisturbed() {
	a.Helper()
	for from, end := a.answered.Load(), time.Now().Add(patience); a.answered.Load() < from+20; {
		if a.failed.Load() || time.Now().After(end) {
			a.Fatal("who behaves is not answered any more")
		}
		time.Sleep(time.Millisecond)
	}
	if m := a.memory(a.T); m > memoryMax {
		a.Errorf("the server has taken %d MB, at most %d were to be", m, memoryMax)
	}
}

// guest is one connection of an abuser.
type guest struct {
	net.Conn
	t       *testing.T
	in      []byte
	id      uint32
	welcome wire.Welcome
}

// dial connects, without a hello.
func (a *abuser) dial() *guest {
	a.Helper()
	d := net.Dialer{}
	if a.from != nil {
		d.LocalAddr = &net.TCPAddr{IP: a.from}
	}
	c, err := d.Dial("tcp", a.addr)
	if err != nil {
		a.Fatal(err)
	}
	a.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	if a.web {
		d := ws.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) { return c, nil }}
		if _, _, _, err := d.Dial(a.Context(), "ws://"+a.addr+"/"); err != nil {
			a.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(patience))
		c = &webConn{Conn: c}
	}
	return &guest{Conn: c, t: a.T}
}

// login is dial with the hello of another player, who must be welcome.
func (a *abuser) login() *guest { return a.loginAs(aHello(a.user())) }

func (a *abuser) loginAs(h wire.Hello) *guest {
	a.Helper()
	g := a.dial()
	g.say(h)
	g.welcomed()
	return g
}

// webConn has its frames in messages of a WebSocket.
type webConn struct {
	net.Conn
	rest []byte
}

func (c *webConn) Write(b []byte) (int, error) {
	return len(b), wsutil.WriteClientBinary(c.Conn, bytes.Clone(b)) // it is masked in place
}

func (c *webConn) Read(b []byte) (n int, err error) {
	if len(c.rest) == 0 {
		if c.rest, _, err = wsutil.ReadServerData(c.Conn); err != nil {
			return 0, err
		}
	}
	n = copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// socket is the connection below.
func (g *guest) socket() *net.TCPConn {
	if w, ok := g.Conn.(*webConn); ok {
		return w.Conn.(*net.TCPConn)
	}
	return g.Conn.(*net.TCPConn)
}

func aHello(user string) wire.Hello {
	return wire.Hello{VersionMin: 1, VersionMax: 1, Provider: wire.ProviderCustom,
		Credential: user, Nonce: []byte("0123456789abcdef"), Agent: "abuse"}
}

func frameOf(kind grid.Kind, id uint32, body []byte) []byte {
	return wire.End(append(wire.Begin(nil, kind, 0, id), body...), 0)
}

// say says hello.
func (g *guest) say(h wire.Hello) { g.send(wire.KindHello, h.Append(nil)) }

func (g *guest) send(kind grid.Kind, body []byte) (id uint32) {
	g.t.Helper()
	g.id++
	if _, err := g.Write(frameOf(kind, g.id, body)); err != nil {
		g.t.Fatal("write:", err)
	}
	return g.id
}

// next reads a frame; an error at the end of the connection.
func (g *guest) next() (wire.Frame, error) {
	for {
		f, size, err := wire.Next(g.in, wire.ReplyBytesMax)
		if err != nil {
			return f, err
		}
		if size <= len(g.in) {
			g.in = g.in[size:]
			return f, nil
		}
		buf := make([]byte, 4<<10)
		n, err := g.Read(buf)
		if g.in = append(g.in, buf[:n]...); n == 0 && err != nil {
			return f, err
		}
	}
}

// reply reads up to the next reply, which must be to a request.
func (g *guest) reply(id uint32) wire.Frame {
	g.t.Helper()
	for {
		f, err := g.next()
		switch {
		case err != nil:
			g.t.Fatalf("wait for the reply %d: %v", id, err)
		case f.Flags&wire.Reply == 0:
			continue
		case f.ID != id:
			g.t.Fatalf("request %d was answered with %+v", id, f)
		}
		return f
	}
}

// code is that of a reply; OK if it is no error.
func (g *guest) code(f wire.Frame) fault.Code {
	g.t.Helper()
	if f.Flags&wire.Error == 0 {
		return fault.OK
	}
	in := pack.NewCursor(f.Body)
	e, err := fault.Decode(&in)
	if err != nil || e.Message == "" {
		g.t.Fatalf("the error %+v, %v: want a sentence that says what to do", e, err)
	}
	return e.Code
}

// ask sends a request, whose reply must have a code.
func (g *guest) ask(kind grid.Kind, body []byte, want fault.Code) wire.Frame {
	g.t.Helper()
	f := g.reply(g.send(kind, body))
	if code := g.code(f); code != want {
		g.t.Errorf("request %#04x: %v, want %v", uint16(kind), code, want)
	}
	return f
}

// works shows that the connection is served.
func (g *guest) works() {
	g.t.Helper()
	g.ask(wire.KindPing, pack.AppendArray(nil, 0), fault.OK)
}

func (g *guest) welcomed() {
	g.t.Helper()
	f := g.reply(1)
	in := pack.NewCursor(f.Body)
	if f.Flags&wire.Error != 0 || g.welcome.Decode(&in) != nil {
		g.t.Fatalf("hello was answered with %v", g.code(f))
	}
}

// goodbye reads up to the goodbye, which must have one of these reasons, and the end of
// the connection, and returns the reason.
func (g *guest) goodbye(reasons ...wire.Reason) (said wire.Reason) {
	g.t.Helper()
	for {
		f, err := g.next()
		if err == nil && f.Kind == wire.KindGoodbye {
			in := pack.NewCursor(f.Body)
			var b wire.Goodbye
			if b.Decode(&in) != nil || b.Text == "" {
				g.t.Fatalf("the goodbye %x", f.Body)
			}
			said = b.Reason
		}
		if err != nil {
			g.ended(err, said)
			break
		}
	}
	for _, r := range reasons {
		if r == said {
			return said
		}
	}
	g.t.Errorf("goodbye %v, want %v", said, reasons)
	return said
}

// ended checks with which error a connection has ended.
func (g *guest) ended(err error, said wire.Reason) {
	g.t.Helper()
	if _, web := g.Conn.(*webConn); !web {
		if !errors.Is(err, io.EOF) {
			g.t.Errorf("the connection ended with %v", err)
		}
		return
	}
	want := ws.StatusPolicyViolation
	if said.Reconnect() {
		want = ws.StatusGoingAway
	}
	var closed wsutil.ClosedError
	if !errors.As(err, &closed) || closed.Code != want {
		g.t.Errorf("the connection ended with %v, want %d", err, want)
	}
}
