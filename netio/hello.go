package netio

import (
	"crypto/sha256"
	"crypto/subtle"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// serverUser names the one user that the studio's own servers share.
const serverUser = "server"

// hello serves the first frame of a connection.
func (l *loop) hello(k *session, f wire.Frame) {
	if f.Kind != wire.KindHello {
		l.refuse(k, f, wire.HelloExpected, fault.New(fault.Unauthenticated, "say hello first"))
		return
	}
	var h wire.Hello
	in := pack.NewCursor(f.Body)
	err := h.Decode(&in)
	if err == nil {
		err = h.Check()
	}
	if err != nil {
		l.refuse(k, f, wire.BadHello, err)
		return
	}
	if h.VersionMin > wire.Version || h.VersionMax < wire.Version {
		l.refuse(k, f, wire.UnsupportedVersion, fault.New(fault.FailedPrecondition,
			"the client speaks versions %d to %d of the protocol, this server %d",
			h.VersionMin, h.VersionMax, wire.Version))
		return
	}
	if k.caller, err = l.server.authenticate(&h); err != nil {
		l.refuse(k, f, wire.Unauthenticated, err)
		return
	}
	k.state = open
	l.count.hellos.Add(1)
	w := wire.Welcome{
		Version:       wire.Version,
		User:          k.caller.User,
		RequestsMax:   grid.RequestsMax,
		FrameBytesMax: uint32(l.server.options.FrameBytesMax),
		Agent:         l.server.options.Agent,
	}
	l.begin(k)
	start := len(k.out)
	k.out = wire.End(w.Append(wire.Begin(k.out, wire.KindHello, wire.Reply, f.ID)), start)
	l.wrote(k)
}

// refuse answers the first frame with an error and a goodbye.
func (l *loop) refuse(k *session, f wire.Frame, r wire.Reason, err error) {
	l.count.refused.Add(1)
	l.fail(k, f.Kind, f.ID, err)
	if k.state != gone {
		l.dismiss(k, r)
	}
}

// authenticate says who speaks.
func (s *Server) authenticate(h *wire.Hello) (grid.Caller, error) {
	var c grid.Caller
	switch h.Provider {
	case wire.ProviderCustom:
		c.User = grid.UserID(wire.ProviderCustom, h.Credential)
	case wire.ProviderServer:
		if !s.isServerKey(h.Credential) {
			return c, fault.New(fault.Unauthenticated,
				"this is not the server's key: look where the server was started")
		}
		c.User, c.Server = grid.UserID(wire.ProviderServer, serverUser), true
	default:
		return c, fault.New(fault.Unauthenticated, "there is no provider %q: use %q or %q",
			h.Provider, wire.ProviderCustom, wire.ProviderServer)
	}
	c.Client = grid.ClientID(c.User, h.Nonce)
	return c, nil
}

// isServerKey takes as long for a wrong key as for a right one.
func (s *Server) isServerKey(key string) bool {
	if s.options.ServerKey == "" {
		return false
	}
	got, want := sha256.Sum256([]byte(key)), sha256.Sum256([]byte(s.options.ServerKey))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}
