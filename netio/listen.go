package netio

import (
	"context"
	"net"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// reserve returns an address with the port that is chosen if it has none, and sees to it
// that nobody else takes it until free is called. Loops share the address, as any process
// of this user could that asks for it, so that nobody listens there yet is seen here.
func reserve(addr string) (chosen string, free func(), err error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", nil, err
	}
	var c net.ListenConfig
	if port == "0" {
		c.Control = sharePort
	}
	l, err := c.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return "", nil, err
	}
	free = func() { l.Close() }
	if port != "0" {
		free()
		return addr, func() {}, nil
	}
	port = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	return net.JoinHostPort(host, port), free, nil
}

// sharePort lets other sockets of this user listen on the same address.
func sharePort(_, _ string, c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	})
	if err != nil {
		return err
	}
	return failed
}

// endUnread has the kernel end a connection whose client has read nothing for
// unreadTimeouts, though its side is full. For each of them the kernel keeps up to 4 MB,
// and we are not told, if that is all that waits.
func (s *Server) endUnread(fd int) {
	after := unreadTimeouts * s.options.HelloTimeout.Milliseconds()
	err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(after))
	if err != nil {
		s.options.Logger.Warn("a client that does not read may stay for long", "error", err)
	}
}

// addrOf returns the address of a listening socket, and closes the descriptor.
func addrOf(fd int) (net.Addr, error) {
	f := os.NewFile(uintptr(fd), "listener")
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	return l.Addr(), nil
}
