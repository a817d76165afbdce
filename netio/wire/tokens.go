package wire

import (
	"math"
	"time"

	"github.com/thronggrid/throng/grid/pack"
)

// Tokens is the reply to a token request, and a part of the welcome to who has used a
// refresh token: with either token a client can say hello later, without its first
// credential.
type Tokens struct {
	Session      string
	SessionUntil time.Time // in whole seconds
	Refresh      string    // may be used once
	RefreshUntil time.Time // in whole seconds
}

// Append appends the array of the tokens.
func (t *Tokens) Append(b []byte) []byte {
	b = pack.AppendArray(b, 4)
	b = pack.AppendString(b, t.Session)
	b = pack.AppendUint(b, uint64(max(0, t.SessionUntil.Unix())))
	b = pack.AppendString(b, t.Refresh)
	return pack.AppendUint(b, uint64(max(0, t.RefreshUntil.Unix())))
}

// Decode reads an array of tokens.
func (t *Tokens) Decode(c *pack.Cursor) error {
	n, err := fields(c, 4, "token reply")
	if err != nil {
		return err
	}
	t.Session = string(c.String())
	t.SessionUntil = seconds(c)
	t.Refresh = string(c.String())
	t.RefreshUntil = seconds(c)
	return rest(c, n-4, "token reply")
}

// seconds consumes a time in seconds since 1970.
func seconds(c *pack.Cursor) time.Time {
	return time.Unix(int64(min(c.Uint(), math.MaxUint32)), 0)
}
