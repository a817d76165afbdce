package credential

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/wire"
)

// Leeway is how far the clock of who signed a token may be from this server's.
const Leeway = 30 * time.Second

// What the function that package jwt asks for the key says of a token.
var errUnknownKey = errors.New("unknown key")

type headerError struct{ error }

// verifier checks tokens of one kind.
type verifier struct {
	what       string // the kind, in sentences
	cure       string // what to do when it is of no use any more
	algorithms []string
	parser     *jwt.Parser
	key        func(keyID string) any // nil: there is none of that id
}

// newVerifier returns a verifier for a list of algorithms.
func newVerifier(
	what, cure string, key func(string) any, now func() time.Time,
	algorithms []string, more ...jwt.ParserOption,
) *verifier {
	parser := jwt.NewParser(append(more,
		jwt.WithValidMethods(algorithms),
		jwt.WithStrictDecoding(),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(Leeway),
		jwt.WithTimeFunc(now),
	)...)
	return &verifier{what: what, cure: cure, algorithms: algorithms, parser: parser, key: key}
}

// verify returns the claims of a token that may be believed.
func (v *verifier) verify(token string) (*claims, error) {
	if len(token) > wire.TokenBytesMax {
		return nil, refused("the %s has %d bytes: at most %d are read",
			v.what, len(token), wire.TokenBytesMax)
	}
	if !plain(token) {
		return nil, v.malformed(errors.New("it has other letters than a token"))
	}
	c := new(claims)
	t, err := v.parser.ParseWithClaims(token, c, func(t *jwt.Token) (any, error) {
		if err := checkHeader(t, v.parser); err != nil {
			return nil, headerError{err}
		}
		id, _ := t.Header["kid"].(string)
		if key := v.key(id); key != nil {
			return key, nil
		}
		return nil, errUnknownKey
	})
	if err != nil {
		return nil, v.refuse(t, c, err)
	}
	return c, nil
}

// plain says whether a token has only the letters of base64url, and dots: the
// decoder skips line ends, wherever they are.
func plain(token string) bool {
	for i := range len(token) {
		switch b := token[i]; {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9',
			b == '-', b == '_', b == '.':
		default:
			return false
		}
	}
	return true
}

// refuse turns what package jwt says into a sentence. The order matters: an error
// may be several, and claims say something only behind a good signature.
func (v *verifier) refuse(t *jwt.Token, c *claims, err error) error {
	var header headerError
	switch {
	case errors.As(err, &header):
		return v.malformed(header.error)
	case errors.Is(err, jwt.ErrTokenMalformed):
		return v.malformed(err)
	case t != nil && t.Method != nil && !slices.Contains(v.algorithms, t.Method.Alg()):
		return refused("the %s is signed by %s: this server takes %s",
			v.what, t.Method.Alg(), strings.Join(v.algorithms, ", "))
	case errors.Is(err, errUnknownKey):
		return refused("the %s was signed with a key that this server does not have, "+
			"or not any more: %s", v.what, v.cure)
	case errors.Is(err, jwt.ErrTokenUnverifiable):
		return refused("the %s names no algorithm (alg) that is known: this server takes %s",
			v.what, strings.Join(v.algorithms, ", "))
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return refused("the %s has a wrong signature: it is forged, was changed on its way, "+
			"or signed with another key: %s", v.what, v.cure)
	}
	return v.refuseClaims(c, err)
}

// refuseClaims is refuse for a token whose signature is good.
func (v *verifier) refuseClaims(c *claims, err error) error {
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return refused("the %s expired at %s: %s", v.what, utc(c.ExpiresAt), v.cure)
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return refused("the %s is not valid before %s (nbf): if that is past, set the clocks right",
			v.what, utc(c.NotBefore))
	case errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return refused("the %s says that it was issued at %s (iat): set the clocks right",
			v.what, utc(c.IssuedAt))
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return refused("the %s is of another issuer (iss) than this server takes", v.what)
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return refused("the %s is for another audience (aud) than this server", v.what)
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return refused("the %s lacks a claim: it must have exp, and also iss and aud "+
			"if the server compares them", v.what)
	}
	return refused("the %s is refused: %v", v.what, err)
}

func (v *verifier) malformed(err error) error {
	return refused("the %s cannot be read, send it as it was given out: %v", v.what, err)
}

func refused(format string, args ...any) error {
	return fault.New(fault.Unauthenticated, format, args...)
}

// utc is a date in a sentence.
func utc(d *jwt.NumericDate) string { return d.UTC().Format(time.RFC3339) }
