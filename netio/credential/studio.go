package credential

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
)

// studioProvider is what the ids of users are derived with, beside sub.
const studioProvider = "jwt"

// SubjectBytesMax bounds the claim sub of a studio's token.
const SubjectBytesMax = 128

// StudioOptions says which tokens of a studio are taken. Key must be set.
type StudioOptions struct {
	Key        []byte   // what the key file holds: a public key in PEM, or a secret
	Algorithms []string // of Algorithms; default: all that fit the key
	Issuer     string   // what iss must be; default: anything
	Audience   string   // what aud must be or hold; default: anything
	Now        func() time.Time
}

// Studio checks the tokens that a studio signs for its players.
type Studio struct {
	tokens *verifier
}

// NewStudio returns a Studio, or what is wrong with the options.
func NewStudio(o StudioOptions) (*Studio, error) {
	key, fit, err := readKey(o.Key)
	if err != nil {
		return nil, err
	}
	taken := o.Algorithms
	if len(taken) == 0 {
		taken = fit
	}
	for _, a := range taken {
		switch {
		case !slices.Contains(Algorithms(), a):
			return nil, fmt.Errorf("there is no algorithm %q: there are %s",
				a, strings.Join(Algorithms(), ", "))
		case !slices.Contains(fit, a):
			return nil, fmt.Errorf("the algorithm %s does not fit the key, which takes %s",
				a, strings.Join(fit, ", "))
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	var more []jwt.ParserOption
	if o.Issuer != "" {
		more = append(more, jwt.WithIssuer(o.Issuer))
	}
	if o.Audience != "" {
		more = append(more, jwt.WithAudience(o.Audience))
	}
	one := func(string) any { return key } // the one key, whatever kid says
	return &Studio{newVerifier("studio's token", "ask the studio's server for a new one",
		one, o.Now, slices.Clone(taken), more...)}, nil
}

// Verify returns the user of a token. It may be called on a nil Studio, which
// takes none.
func (s *Studio) Verify(token string) (grid.ID, error) {
	if s == nil {
		return grid.ID{}, fault.New(fault.Unauthenticated,
			"this server takes no tokens of a studio: start it with --jwt-key-file")
	}
	c, err := s.tokens.verify(token)
	if err != nil {
		return grid.ID{}, err
	}
	// What encoding/json cannot read as Unicode it mends: two users could become one.
	mended := strings.ContainsRune(c.Subject, utf8.RuneError)
	if n := len(c.Subject); n < 1 || n > SubjectBytesMax || mended {
		return grid.ID{}, refused("the studio's token names its user (sub) in %d bytes: "+
			"want 1 to %d, of valid Unicode", n, SubjectBytesMax)
	}
	return grid.UserID(studioProvider, c.Subject), nil
}
