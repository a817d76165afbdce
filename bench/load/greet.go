package load

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
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

// Enter makes the session of a connection present on a stream, with a status, and
// returns once it is. Nothing else may be in flight.
func Enter(conn net.Conn, key, status string) error {
	r := session.TrackRequest{Key: key, Status: status}
	if err := ask(conn, session.KindTrack, r.Fields(), r.Append); err != nil {
		return err
	}
	asked, entered := false, false
	for !asked || !entered {
		f, err := ReadFrame(conn)
		if err != nil {
			return fmt.Errorf("enter a stream: %w", err)
		}
		switch f.Kind {
		case session.KindTrack:
			asked = true
		case presence.KindEntered:
			entered = true
		case session.KindRefused:
			c := pack.NewCursor(f.Body)
			r, err := session.DecodeRefused(&c)
			return errors.Join(fmt.Errorf("enter a stream: %v: %s", r.Code, r.Message), err)
		}
	}
	return nil
}

// End asks for the end of the session of a connection, so that it holds nothing any
// longer. What ends the connection's frames then is an error that is Ended.
func End(conn net.Conn) error {
	var r session.EndRequest
	return ask(conn, session.KindEnd, r.Fields(), r.Append)
}

// Ended says whether an error of ReadFrame is the server's word that the session has
// ended.
func Ended(err error) bool {
	var g *goodbye
	return errors.As(err, &g) && g.Reason == wire.SessionEnded
}

// Leave takes the session of a connection off a stream. Nothing else may be in
// flight.
func Leave(conn net.Conn, key string) error {
	r := session.UntrackRequest{Key: key}
	if err := ask(conn, session.KindUntrack, r.Fields(), r.Append); err != nil {
		return err
	}
	if _, err := readReply(conn, session.KindUntrack); err != nil {
		return fmt.Errorf("leave a stream: %w", err)
	}
	return nil
}

// ask sends a write request of a session about itself. The server does such a one
// as often as it is asked, whatever its number.
func ask(conn net.Conn, kind grid.Kind, fields int, body func([]byte) []byte) error {
	const number = 1
	b := pack.AppendArray(wire.Begin(nil, kind, 0, number), fields+2)
	b = pack.AppendUint(pack.AppendUint(b, number), number)
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
