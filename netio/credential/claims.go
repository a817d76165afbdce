package credential

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// claims are those that anybody here looks at. They are read by hand, for
// encoding/json takes the last of two equal names, and Sub for sub: what another
// reader of the token was shown could differ from what is believed here.
type claims struct {
	Issuer    string           `json:"iss,omitempty"`
	Audience  jwt.ClaimStrings `json:"aud,omitempty"`
	Subject   string           `json:"sub"`
	Type      string           `json:"typ,omitempty"`
	ID        string           `json:"jti,omitempty"`
	IssuedAt  *jwt.NumericDate `json:"iat,omitempty"`
	NotBefore *jwt.NumericDate `json:"nbf,omitempty"`
	ExpiresAt *jwt.NumericDate `json:"exp,omitempty"`
}

var _ jwt.Claims = (*claims)(nil)

// The methods by which package jwt asks for claims.

func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return c.ExpiresAt, nil }
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error)       { return c.IssuedAt, nil }
func (c *claims) GetNotBefore() (*jwt.NumericDate, error)      { return c.NotBefore, nil }
func (c *claims) GetIssuer() (string, error)                   { return c.Issuer, nil }
func (c *claims) GetSubject() (string, error)                  { return c.Subject, nil }
func (c *claims) GetAudience() (jwt.ClaimStrings, error)       { return c.Audience, nil }

// UnmarshalJSON reads the claims of a token whose signature is not yet checked.
func (c *claims) UnmarshalJSON(b []byte) error {
	return members(b, func(name string, value []byte) error {
		var err error
		switch name {
		case "iss":
			c.Issuer, err = readString(value)
		case "aud":
			err = json.Unmarshal(value, &c.Audience)
		case "sub":
			c.Subject, err = readString(value)
		case "typ":
			c.Type, err = readString(value)
		case "jti":
			c.ID, err = readString(value)
		case "iat":
			c.IssuedAt, err = readDate(value)
		case "nbf":
			c.NotBefore, err = readDate(value)
		case "exp":
			c.ExpiresAt, err = readDate(value)
		}
		if err != nil {
			return fmt.Errorf("the claim %s: %w", name, err)
		}
		return nil
	})
}

// readString reads a JSON string; null is an empty one.
func readString(b []byte) (s string, err error) {
	if b[0] == '"' && bytes.IndexByte(b, '\\') < 0 {
		return string(b[1 : len(b)-1]), nil
	}
	err = json.Unmarshal(b, &s)
	return s, err
}

// dateMax is the end of the year 9999, in seconds since 1970. Package jwt converts
// any number, and what is beyond an int64 comes out as any date.
const dateMax = 253_402_300_799

// readDate reads seconds since 1970; null is no date.
func readDate(b []byte) (*jwt.NumericDate, error) {
	if string(b) == "null" {
		return nil, nil
	}
	seconds, err := strconv.ParseFloat(string(b), 64)
	if err != nil || seconds < 0 || seconds > dateMax {
		return nil, errors.New("want seconds since 1970")
	}
	return jwt.NewNumericDate(time.Unix(int64(seconds), 0)), nil
}

// checkHeader refuses headers that mean more than package jwt looks at: names that
// are there twice, and "crit", which lists extensions that must be understood.
func checkHeader(t *jwt.Token, p *jwt.Parser) error {
	first, _, _ := strings.Cut(t.Raw, ".")
	b, err := p.DecodeSegment(first)
	if err != nil {
		return err
	}
	return members(b, func(name string, _ []byte) error {
		if name == "crit" {
			return errors.New("its header lists critical extensions: there are none")
		}
		return nil
	})
}
