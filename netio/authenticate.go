package netio

import (
	"crypto/sha256"
	"crypto/subtle"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/credential"
	"github.com/thronggrid/throng/netio/wire"
)

// serverUser names the one user that the studio's own servers share.
const serverUser = "server"

// identity is whom a credential stands for.
type identity struct {
	user   grid.ID
	server bool // the studio's own server
	// spend is the id of a token that may be used once, and is used if this hello opens a
	// session; it expires at spendUntil, µs since 1970. Zero: none.
	spend      grid.ID
	spendUntil int64
}

// authenticate finds out who speaks, and goes on with recognized. What takes longer
// than a loop may be busy goes to a worker (see loop.send).
func (l *loop) authenticate(k *conn, h *wire.Hello) {
	if h.Provider == wire.ProviderJWT {
		l.authenticateStudio(k, h.Credential)
		return
	}
	id, err := l.server.identify(h)
	l.recognized(k, id, err)
}

// authenticateStudio has a worker check a studio's token: that may take long.
func (l *loop) authenticateStudio(k *conn, token string) {
	studio := l.server.options.Studio
	err := l.send(l.server.checkers, k, func() func(*conn) {
		user, err := studio.Verify(token)
		return func(k *conn) { l.recognized(k, identity{user: user}, err) }
	})
	if err != nil {
		l.recognized(k, identity{}, err)
	}
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
	case wire.ProviderToken, wire.ProviderRefresh:
		return s.identifyToken(h)
	default:
		return id, fault.New(fault.Unauthenticated,
			"there is no provider %q: see docs/protocol.md for those there are", h.Provider)
	}
	return id, nil
}

// identifyToken is identify for the server's own tokens.
func (s *Server) identifyToken(h *wire.Hello) (id identity, err error) {
	switch tokens := s.options.Tokens; {
	case tokens == nil:
		return id, fault.New(fault.Unauthenticated,
			"this server takes no tokens: say hello with another credential")
	case h.Provider == wire.ProviderToken:
		id.user, err = tokens.Session(h.Credential)
	default:
		var r credential.Refresh
		r, err = tokens.Refresh(h.Credential)
		id.user, id.spend, id.spendUntil = r.User, r.ID, r.Until.UnixMicro()
	}
	return id, err
}

// isServerKey takes as long for a wrong key as for a right one.
func (s *Server) isServerKey(key string) bool {
	if s.options.ServerKey == "" {
		return false
	}
	got, want := sha256.Sum256([]byte(key)), sha256.Sum256([]byte(s.options.ServerKey))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}
