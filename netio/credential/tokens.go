package credential

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// The least and the most that tokens may live.
const (
	SessionLifeMin = time.Minute
	SessionLifeMax = 24 * time.Hour // it cannot be called back
	RefreshLifeMin = time.Hour
	RefreshLifeMax = 365 * 24 * time.Hour
)

// Lives says how long tokens live.
type Lives struct {
	Session time.Duration
	Refresh time.Duration
}

// DefaultLives returns the usual lives of tokens.
func DefaultLives() Lives { return Lives{Session: time.Hour, Refresh: 7 * 24 * time.Hour} }

// Validate says what is wrong with the lives.
func (l Lives) Validate() error {
	switch {
	case l.Session < SessionLifeMin || l.Session > SessionLifeMax:
		return fmt.Errorf("session tokens that live %v: want %v to %v",
			l.Session, SessionLifeMin, SessionLifeMax)
	case l.Refresh < RefreshLifeMin || l.Refresh > RefreshLifeMax:
		return fmt.Errorf("refresh tokens that live %v: want %v to %v",
			l.Refresh, RefreshLifeMin, RefreshLifeMax)
	case l.Refresh < l.Session:
		return fmt.Errorf("refresh tokens that live %v, session tokens %v: "+
			"want them to live longer", l.Refresh, l.Session)
	}
	return nil
}

const (
	self        = "throng" // issuer and audience
	typeSession = "session"
	typeRefresh = "refresh"

	// spentSlack is how long after its last moment a refresh token is remembered:
	// the slot's clock may be ahead of that of the node that reads the token.
	spentSlack = Leeway + time.Minute
)

// Options says how tokens are made. Keys must be set; of the rest, zero means the
// default.
type Options struct {
	Keys  Keys
	Lives Lives
	Now   func() time.Time // default: time.Now
}

// Tokens gives out the server's own tokens, and checks them.
type Tokens struct {
	options Options
	session *verifier
	refresh *verifier
}

// Refresh is a refresh token that was checked: it still has to be found unused.
type Refresh struct {
	User  grid.ID
	ID    grid.ID   // which it is: a session.TokenID
	Until time.Time // how long it must be remembered once it was used
}

// New returns Tokens, or what is wrong with the options.
func New(o Options) (*Tokens, error) {
	if len(o.Keys.list) == 0 {
		return nil, fmt.Errorf("no keys to sign tokens with")
	}
	if o.Lives == (Lives{}) {
		o.Lives = DefaultLives()
	}
	if err := o.Lives.Validate(); err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	t := &Tokens{options: o}
	t.session = t.verifier("session token", "use the refresh token, or log in again")
	t.refresh = t.verifier("refresh token", "log in again")
	return t, nil
}

func (t *Tokens) verifier(what, cure string) *verifier {
	key := func(id string) any {
		if secret := t.options.Keys.find(id); secret != nil {
			return secret
		}
		return nil
	}
	return newVerifier(what, cure, key, t.options.Now, []string{jwt.SigningMethodHS256.Alg()},
		jwt.WithIssuer(self), jwt.WithAudience(self))
}

// Issue gives a caller tokens of its user. A studio's server gets none: they would
// lack its rights, and it has its key.
func (t *Tokens) Issue(c *grid.Caller) (wire.Tokens, error) {
	if c.Server {
		return wire.Tokens{}, fault.New(fault.FailedPrecondition,
			"there are no tokens for the server's key: connect with the key itself")
	}
	now := t.options.Now().Truncate(time.Second)
	w := wire.Tokens{
		SessionUntil: now.Add(t.options.Lives.Session),
		RefreshUntil: now.Add(t.options.Lives.Refresh),
	}
	var random [8]byte
	rand.Read(random[:]) // never fails
	id := session.TokenID(c.Session, random)
	var err error
	if w.Session, err = t.sign(c.User, typeSession, "", now, w.SessionUntil); err != nil {
		return wire.Tokens{}, err
	}
	w.Refresh, err = t.sign(c.User, typeRefresh, base64.RawURLEncoding.EncodeToString(id[:]),
		now, w.RefreshUntil)
	return w, err
}

func (t *Tokens) sign(user grid.ID, kind, id string, now, until time.Time) (string, error) {
	key := &t.options.Keys.list[0]
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, &claims{
		Issuer: self, Audience: jwt.ClaimStrings{self}, Subject: user.String(), Type: kind, ID: id,
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(until),
	})
	token.Header["kid"] = key.id
	s, err := token.SignedString(key.secret)
	if err != nil {
		return "", fmt.Errorf("sign a %s token: %w", kind, err)
	}
	return s, nil
}

// Session returns the user of a session token.
func (t *Tokens) Session(token string) (grid.ID, error) {
	c, user, err := t.verify(t.session, token)
	if err == nil && c.Type != typeSession {
		err = refused("this is a refresh token, not a session token: use the provider refresh")
	}
	if err != nil {
		return grid.ID{}, err
	}
	return user, nil
}

// Refresh returns what a refresh token says.
func (t *Tokens) Refresh(token string) (Refresh, error) {
	c, user, err := t.verify(t.refresh, token)
	if err == nil && c.Type != typeRefresh {
		err = refused("this is a session token, not a refresh token: use the provider token")
	}
	if err != nil {
		return Refresh{}, err
	}
	r := Refresh{User: user, Until: c.ExpiresAt.Add(Leeway + spentSlack)}
	id, err := base64.RawURLEncoding.Strict().DecodeString(c.ID)
	if err != nil || len(id) != len(r.ID) {
		return Refresh{}, refused("the refresh token has no id (jti) of %d bytes: log in again",
			len(r.ID))
	}
	copy(r.ID[:], id)
	return r, nil
}

func (t *Tokens) verify(v *verifier, token string) (*claims, grid.ID, error) {
	c, err := v.verify(token)
	if err != nil {
		return nil, grid.ID{}, err
	}
	user, ok := userOf(c.Subject)
	if !ok {
		return nil, grid.ID{}, refused("the %s names no user (sub): log in again", v.what)
	}
	return c, user, nil
}

// userOf reads a user id as grid.ID.String writes it, and only so.
func userOf(s string) (id grid.ID, ok bool) {
	if len(s) != 36 {
		return id, false
	}
	b, err := hex.DecodeString(s[0:8] + s[9:13] + s[14:18] + s[19:23] + s[24:])
	if err != nil || copy(id[:], b) != len(id) {
		return id, false
	}
	return id, id.String() == s
}
