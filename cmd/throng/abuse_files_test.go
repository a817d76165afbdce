package main

import (
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/thronggrid/throng/netio"
	"github.com/thronggrid/throng/netio/wire"
)

// TestFilesRunOut floods a server that may have few files open: with more connections than
// there is room for, which stay, and with tens of thousands that end as soon as they are
// there. A server that has seen of them too late had no
// descriptors left, and ended. Who is inside is served all
// along, and others are once it is over.
func TestFilesRunOut(t *testing.T) {
	const room = 100
	v := &victim{t: t, dir: t.TempDir()}
	v.addr, v.process = startLimited(t, netio.FilesReserve+room, v.dir,
		"--session-requests-per-second=0", "--user-requests-per-second=0")
	v.behave()
	a := &abuser{T: t, victim: v}
	inside := a.login()
	var stay []net.Conn
	for range 10 * room {
		c, err := net.Dial("tcp", a.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		stay = append(stay, c)
	}
	a.undisturbed()
	a.floodConnections(4, 8000)
	a.undisturbed()
	inside.works()
	for _, c := range stay {
		c.Close()
	}
	a.letIn().works()
	a.undisturbed()
}

// floodConnections makes connections from several sides at once, as fast as it can, and
// ends each at once.
func (a *abuser) floodConnections(sides, each int) {
	a.Helper()
	to := netip.MustParseAddrPort(a.addr)
	var all sync.WaitGroup
	defer all.Wait()
	for side := range sides {
		all.Go(func() {
			server := &syscall.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
			// Ports of an address are used up for a while, so each test has its own.
			own := [4]byte{127, byte(to.Port() >> 8), byte(to.Port()), byte(1 + side)}
			from := &syscall.SockaddrInet4{Addr: own}
			for range each {
				fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
				if err == nil {
					err = syscall.Bind(fd, from)
				}
				if err == nil {
					err = syscall.Connect(fd, server)
				}
				if err != nil {
					a.Errorf("connect: %v", err)
					return
				}
				syscall.Close(fd)
			}
		})
	}
}

// enter logs another player in; nil: there is no room.
func (a *abuser) enter() *guest {
	a.Helper()
	g := a.dial()
	if _, err := g.Write(frameOf(wire.KindHello, 1, aHelloBytes(a.user()))); err == nil {
		f, err := g.next()
		if err == nil && f.Kind == wire.KindHello && f.Flags&wire.Error == 0 {
			return g
		}
	}
	g.Close()
	return nil
}

// letIn waits until another player is let in.
func (a *abuser) letIn() *guest {
	a.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if g := a.enter(); g != nil {
			return g
		}
		if time.Now().After(end) {
			a.Fatal("nobody is let in once there is room again")
		}
	}
}

func aHelloBytes(user string) []byte {
	h := aHello(user)
	return h.Append(nil)
}
