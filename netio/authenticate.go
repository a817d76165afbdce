package netio

import (
	"crypto/sha256"
	"crypto/subtle"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/wire"
)

// serverUser names the one user that the studio's own servers share.
const serverUser = "server"

// identity is whom a credential stands for.
type identity struct {
	user   grid.ID
	server bool // the studio's own server
	// spend is the id of a token that may be used once, and is used up by this hello;
	// it expires at spendUntil, µs since 1970. Zero: none.
	spend      grid.ID
	spendUntil int64
}

// authenticate finds out who speaks, and goes on with recognized. What takes longer
// than a loop may be busy goes to a worker (see loop.send).
func (l *loop) authenticate(k *conn, h *wire.Hello) {
	id, err := l.server.identify(h)
	l.recognized(k, id, err)
}

// identify says who speaks.
func (s *Server) identify(h *wire.Hello) (id identity, err error) {
	switch h.Provider {
	case wire.ProviderCustom, wire.ProviderDevice:
		id.user = grid.UserID(h.Provider, h.Credential)
	case wire.ProviderServer:
		if !s.isServerKey(h.Credential) {
			return id, fault.New(fault.Unauthenticated,
				"this is not the server's key: look where the server was started")
		}
		id.user, id.server = grid.UserID(wire.ProviderServer, serverUser), true
	default:
		return id, fault.New(fault.Unauthenticated, "there is no provider %q: use %q, %q or %q",
			h.Provider, wire.ProviderCustom, wire.ProviderDevice, wire.ProviderServer)
	}
	return id, nil
}

// isServerKey takes as long for a wrong key as for a right one.
func (s *Server) isServerKey(key string) bool {
	if s.options.ServerKey == "" {
		return false
	}
	got, want := sha256.Sum256([]byte(key)), sha256.Sum256([]byte(s.options.ServerKey))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}
