package load

import (
	"crypto/rand"
	"fmt"
	"io"
	"net"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// Greet says hello on a new connection and waits for the welcome. The caller
// sets the connection's deadline.
func Greet(conn net.Conn, provider, credential string) (wire.Welcome, error) {
	return Resume(conn, provider, credential, nil)
}

// Resume is Greet, to take up the session of a token, nil for a new one.
func Resume(
	conn net.Conn, provider, credential string, token *wire.ResumeToken,
) (wire.Welcome, error) {
	h := wire.Hello{
		VersionMin: wire.Version, VersionMax: wire.Version,
		Provider: provider, Credential: credential, Nonce: make([]byte, 16),
		Agent: "throng-bench", Resume: token,
	}
	rand.Read(h.Nonce) // never fails
	var w wire.Welcome
	hello := wire.End(h.Append(wire.Begin(nil, wire.KindHello, 0, 1)), 0)
	if _, err := conn.Write(hello); err != nil {
		return w, fmt.Errorf("say hello: %w", err)
	}
	f, err := readReply(conn, wire.KindHello)
	if err != nil {
		return w, fmt.Errorf("wait for the answer to hello: %w", err)
	}
	c := pack.NewCursor(f.Body)
	return w, w.Decode(&c)
}

// Write sends one write request, the n-th of the connection from 1, and waits
// for its reply. Nothing else may be in flight.
func Write(
	conn net.Conn, kind grid.Kind, n uint64, fields int, body func([]byte) []byte,
) error {
	if err := Ask(conn, kind, n, fields, body); err != nil {
		return err
	}
	if _, err := readReply(conn, kind); err != nil {
		return fmt.Errorf("wait for a reply: %w", err)
	}
	return nil
}

// Ask sends one write request as Write does, and waits for nothing.
func Ask(conn net.Conn, kind grid.Kind, n uint64, fields int, body func([]byte) []byte) error {
	b := pack.AppendArray(wire.Begin(nil, kind, 0, uint32(n)), fields+2)
	b = pack.AppendUint(pack.AppendUint(b, n), n)
	if _, err := conn.Write(wire.End(body(b), 0)); err != nil {
		return fmt.Errorf("send a request: %w", err)
	}
	return nil
}

// readReply reads frames until the reply to a request of a kind.
func readReply(conn net.Conn, kind grid.Kind) (wire.Frame, error) {
	for {
		f, err := ReadFrame(conn)
		if err != nil || f.Kind == kind && f.Flags&wire.Reply != 0 {
			return f, err
		}
	}
}

// ReadFrame reads one frame; an error reply and a goodbye are errors.
func ReadFrame(conn net.Conn) (wire.Frame, error) {
	head := make([]byte, wire.HeadBytes)
	if _, err := io.ReadFull(conn, head); err != nil {
		return wire.Frame{}, err
	}
	_, size, err := wire.Next(head, ReplyBytesMax)
	if err != nil {
		return wire.Frame{}, err
	}
	b := make([]byte, size)
	copy(b, head)
	if _, err := io.ReadFull(conn, b[len(head):]); err != nil {
		return wire.Frame{}, err
	}
	f, _, err := wire.Next(b, ReplyBytesMax)
	if err == nil && (f.Kind == wire.KindGoodbye || f.Flags&wire.Error != 0) {
		err = refusal(f)
	}
	return f, err
}
