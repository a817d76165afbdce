package lan

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo serves connections that send back what they get.
func echo(t *testing.T, listen func() (net.Listener, error)) net.Listener {
	t.Helper()
	l, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	ended := make(chan struct{}) // the other end may not live to say so
	served.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() { io.Copy(c, c) })
			served.Go(func() { <-ended; c.Close() })
		}
	})
	t.Cleanup(func() {
		close(ended)
		l.Close()
		served.Wait()
	})
	return l
}

// answers says whether a byte comes back within a time.
func answers(t *testing.T, c net.Conn, within time.Duration) bool {
	t.Helper()
	if _, err := c.Write([]byte{1}); err != nil {
		return false
	}
	return hears(t, c, within)
}

func hears(t *testing.T, c net.Conn, within time.Duration) bool {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	_, err := io.ReadFull(c, make([]byte, 1))
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Logf("no answer: %v", err)
	}
	return err == nil
}

// What must be heard may take its time; what must not be heard is waited for briefly.
const (
	long  = 20 * time.Second
	brief = 300 * time.Millisecond
)

func TestRules(t *testing.T) {
	for _, n := range []int{0, NodesMax + 1} {
		if _, err := NewRules(n); err == nil {
			t.Errorf("a network of %d nodes", n)
		}
	}
	r, err := NewRules(3)
	if err != nil {
		t.Fatal(err)
	}
	cut := Fault{Cut: true}
	is := func(from, to int) bool { f, _ := r.at(from, to); return f.Cut }
	r.Isolate(2, cut, false)
	if !is(1, 2) || !is(2, 3) || is(1, 3) || is(Clients, 2) || is(2, 2) {
		t.Error("isolated from its peers")
	}
	_, changed := r.at(1, 2)
	r.Heal()
	select {
	case <-changed:
	default:
		t.Error("nobody was told of a change")
	}
	r.Isolate(2, cut, true)
	if !is(Clients, 2) || !is(2, Clients) {
		t.Error("isolated from clients, too")
	}
	r.Heal()
	r.Deafen(1, cut)
	if !is(3, 1) || is(1, 3) || is(Clients, 1) {
		t.Error("deaf")
	}
	r.Heal()
	r.Mute(1, cut)
	if is(3, 1) || !is(1, 3) {
		t.Error("mute")
	}
	if f := (Fault{Delay: time.Second, Jitter: time.Second}); f.wait() < time.Second || f.wait() >= 2*time.Second ||
		f.lost() || !(&Fault{Loss: 1}).lost() {
		t.Error("drawn wrongly")
	}
}

func TestProxiesObeyTheirRules(t *testing.T) {
	target := echo(t, func() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") })
	p, err := NewProxies([]string{"127.0.0.1:1", target.Addr().String()}, func(net.Addr) int { return 1 })
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	c, err := net.Dial("tcp", p.Addr(2))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if !answers(t, c, long) {
		t.Fatal("no answer on a line as it should be")
	}
	for name, set := range map[string]func(Fault){
		"there": func(f Fault) { p.Set(1, 2, f) }, "back": func(f Fault) { p.Set(2, 1, f) },
	} {
		set(Fault{Cut: true})
		if answers(t, c, brief) {
			t.Errorf("%s: an answer over a line that is cut", name)
		}
		p.Heal()
		if !hears(t, c, long) {
			t.Errorf("%s: the bytes were lost", name)
		}
		begin := time.Now()
		set(Fault{Delay: brief})
		if !answers(t, c, long) || time.Since(begin) < brief {
			t.Errorf("%s: an answer after %v", name, time.Since(begin))
		}
		begin = time.Now()
		set(Fault{Loss: 1})
		if !answers(t, c, long) || time.Since(begin) < resend {
			t.Errorf("%s: with loss, an answer after %v", name, time.Since(begin))
		}
		p.Heal()
	}
	if n := p.Reset(2); n != 1 {
		t.Errorf("%d connections reset", n)
	}
	if answers(t, c, long) {
		t.Error("an answer on a connection that was reset")
	}
	if got := p.Counts(); got.Passed == 0 || got.Delayed == 0 || got.Dropped == 0 {
		t.Errorf("%+v", got)
	}
	gone, err := net.Dial("tcp", p.Addr(1))
	if err != nil {
		t.Fatal(err)
	}
	defer gone.Close()
	if answers(t, gone, long) {
		t.Error("an answer of a node that is not there")
	}
}

func TestProxiesCloseWhatWaitsAtACut(t *testing.T) {
	p, err := NewProxies([]string{"127.0.0.1:1"}, func(net.Addr) int { return Clients })
	if err != nil {
		t.Fatal(err)
	}
	p.Set(Clients, 1, Fault{Cut: true})
	c, err := net.Dial("tcp", p.Addr(1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if answers(t, c, brief) {
		t.Error("an answer over a line that is cut")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if hears(t, c, long) {
		t.Error("an answer of a closed proxy")
	}
}

func TestWhose(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if i, ok := Whose(l.Addr(), []int{1 << 30, os.Getpid()}); !ok || i != 1 {
		t.Errorf("%d, %v", i, ok)
	}
	if _, ok := Whose(l.Addr(), nil); ok {
		t.Error("a socket of nobody's")
	}
	table := "  sl  local_address rem_address\n" +
		"   0: 0100007F:1D0A 0200007F:9C40 01 0:0 0:0 0 0 0 0 1\n" +
		"   1: 0100007F:1D0A 0300007F:9C40 01 0:0 00:0 0 0 0 77 1\n"
	if got, ok := inodeOf(table, netip.MustParseAddrPort("127.0.0.1:7434")); !ok || got != "77" {
		t.Errorf("%q, %v", got, ok)
	}
	for _, at := range []string{"127.0.0.2:7434", "127.0.0.1:7435", "[::1]:7434"} {
		if got, ok := inodeOf(table, netip.MustParseAddrPort(at)); ok {
			t.Errorf("%s: %q", at, got)
		}
	}
}

// inside listens in the network of a node.
func inside(t *testing.T, s *Switch, node int) func() (net.Listener, error) {
	return func() (l net.Listener, err error) {
		runtime.LockOSThread()
		own, err := os.Open("/proc/thread-self/ns/net")
		if err != nil {
			t.Fatal(err)
		}
		defer own.Close()
		there, err := os.Open(s.Namespace(node))
		if err != nil {
			t.Fatal(err)
		}
		defer there.Close()
		if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
			t.Fatal(err)
		}
		l, err = net.Listen("tcp", s.HostPort(node, 7402))
		if err := unix.Setns(int(own.Fd()), unix.CLONE_NEWNET); err != nil {
			t.Fatal(err)
		}
		runtime.UnlockOSThread()
		return l, err
	}
}

// Only root may make namespaces, and not every machine has TUN devices.
func TestSwitchObeysItsRules(t *testing.T) {
	if err := CheckSwitch(); err != nil {
		t.Skip(err)
	}
	s, err := NewSwitch(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewSwitch(t.Context(), 1) // two live beside each other
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	l := echo(t, inside(t, s, 2))
	c, err := net.DialTimeout("tcp", l.Addr().String(), long)
	if err != nil {
		t.Fatal(err)
	}
	if !answers(t, c, long) {
		t.Error("no answer on a line as it should be")
	}
	for name, set := range map[string]func(Fault){
		"there": func(f Fault) { s.Set(Clients, 2, f) }, "back": func(f Fault) { s.Set(2, Clients, f) },
	} {
		set(Fault{Cut: true})
		if answers(t, c, brief) {
			t.Errorf("%s: an answer over a line that is cut", name)
		}
		s.Heal()
		if !hears(t, c, long) { // TCP sends it again
			t.Errorf("%s: the bytes were lost", name)
		}
		begin := time.Now()
		set(Fault{Delay: brief, Jitter: time.Millisecond})
		if !answers(t, c, long) || time.Since(begin) < brief {
			t.Errorf("%s: an answer after %v", name, time.Since(begin))
		}
		set(Fault{Loss: 0.2})
		for range 8 {
			if !answers(t, c, long) {
				t.Errorf("%s: no answer over a lossy line", name)
			}
		}
		s.Heal()
	}
	if got := s.Counts(); got.Passed == 0 || got.Delayed == 0 || got.Dropped == 0 {
		t.Errorf("%+v", got)
	}
	c.Close()
	spaces := s.spaces
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for i, name := range spaces {
		if _, err := os.Stat(s.Namespace(i + 1)); !os.IsNotExist(err) {
			t.Errorf("namespace %s is left: %v", name, err)
		}
	}
	if out, err := exec.Command("ip", "link", "show", s.device(Clients)).Output(); err == nil {
		t.Errorf("left behind: %s", out)
	}
}
