package credential

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thronggrid/throng/grid"
)

// aStudio signs tokens.
type aStudio struct {
	private any
	file    []byte // what the server is given
}

var rsa2048 = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func publicPEM(public any) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(public))})
}

func studioOf(private crypto.Signer) aStudio { return aStudio{private, publicPEM(private.Public())} }

func secretStudio() aStudio {
	secret := bytes.Repeat([]byte("0123456789abcdef"), 4)
	return aStudio{secret, append(secret, '\n')}
}

// studios returns one for each kind of key, by the algorithms that fit.
func studios() map[string]aStudio {
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	return map[string]aStudio{
		"HS256 HS384 HS512":                   secretStudio(),
		"RS256 RS384 RS512 PS256 PS384 PS512": studioOf(rsa2048()),
		"ES256":                               studioOf(must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))),
		"ES384":                               studioOf(must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))),
		"ES512":                               studioOf(must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))),
		"EdDSA":                               studioOf(must(edwards, err)),
	}
}

// sign returns a token; header and claims are the studio's business.
func (s aStudio) sign(t testing.TB, algorithm string, more map[string]any, c jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.GetSigningMethod(algorithm), c)
	for name, value := range more {
		token.Header[name] = value
	}
	text, err := token.SignedString(s.private)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (s aStudio) server(t testing.TB, change func(*StudioOptions)) *Studio {
	t.Helper()
	o := StudioOptions{Key: s.file, Now: func() time.Time { return start }}
	if change != nil {
		change(&o)
	}
	studio, err := NewStudio(o)
	if err != nil {
		t.Fatal(err)
	}
	return studio
}

// someClaims are good ones.
func someClaims() jwt.MapClaims {
	return jwt.MapClaims{"sub": "player 1", "exp": start.Add(time.Hour).Unix(), "name": "Ada"}
}

func TestStudioTokens(t *testing.T) {
	for names, s := range studios() {
		fit := strings.Fields(names)
		server := s.server(t, nil)
		for _, a := range fit {
			token := s.sign(t, a, map[string]any{"kid": "whatever"}, someClaims())
			if user, err := server.Verify(token); err != nil || user != grid.UserID("jwt", "player 1") {
				t.Errorf("%s: user %v, %v", a, user, err)
			}
			one := s.server(t, func(o *StudioOptions) { o.Algorithms = []string{a} })
			if _, err := one.Verify(token); err != nil {
				t.Errorf("only %s: %v", a, err)
			}
		}
		for _, a := range Algorithms() {
			o := StudioOptions{Key: s.file, Algorithms: []string{fit[0], a}}
			_, err := NewStudio(o)
			if slices.Contains(fit, a) != (err == nil) {
				t.Errorf("%s with a key for %s: %v", a, names, err)
			}
		}
	}
}

func TestNoStudio(t *testing.T) {
	_, err := (*Studio)(nil).Verify("a.b.c")
	wantRefused(t, err, "takes no tokens of a studio")
}

func TestStudioAlgorithmsAreLimited(t *testing.T) {
	s := secretStudio()
	server := s.server(t, func(o *StudioOptions) { o.Algorithms = []string{"HS512"} })
	_, err := server.Verify(s.sign(t, "HS256", nil, someClaims()))
	wantRefused(t, err, "signed by HS256: this server takes HS512")
	for _, bad := range []string{"none", "None", "", "HS1", "hs256", "RS256"} {
		if _, err := NewStudio(StudioOptions{Key: s.file, Algorithms: []string{bad}}); err == nil {
			t.Errorf("the algorithm %q was taken", bad)
		}
	}
}

func TestStudioClaims(t *testing.T) {
	s := secretStudio()
	strict := func(o *StudioOptions) { o.Issuer, o.Audience = "studio", "game" }
	at := func(d time.Duration) int64 { return start.Add(d).Unix() }
	for _, tc := range []struct {
		name   string
		more   jwt.MapClaims
		option func(*StudioOptions)
		says   string // "": taken
	}{
		{"none more", nil, nil, ""},
		{"expired", jwt.MapClaims{"exp": at(-time.Hour)}, nil, "expired at 2026-03-01T11:00:00Z"},
		{"expired just now", jwt.MapClaims{"exp": at(-Leeway)}, nil, "expired"},
		{"expired within the leeway", jwt.MapClaims{"exp": at(time.Second - Leeway)}, nil, ""},
		{"no exp", jwt.MapClaims{"exp": nil}, nil, "lacks a claim"},
		{"exp text", jwt.MapClaims{"exp": "soon"}, nil, "the claim exp"},
		{"exp huge", jwt.MapClaims{"exp": 1e300}, nil, "the claim exp: want seconds since 1970"},
		{"exp negative", jwt.MapClaims{"exp": -1}, nil, "the claim exp: want seconds since 1970"},
		{"exp fraction", jwt.MapClaims{"exp": float64(at(time.Hour)) + .5}, nil, ""},
		{"exp object", jwt.MapClaims{"exp": map[string]any{}}, nil, "the claim exp"},
		{"future", jwt.MapClaims{"nbf": at(time.Hour)}, nil, "not valid before 2026-03-01T13:00:00Z (nbf)"},
		{"nbf within the leeway", jwt.MapClaims{"nbf": at(Leeway)}, nil, ""},
		{"issued in the future", jwt.MapClaims{"iat": at(time.Hour)}, nil, "issued at 2026-03-01T13:00:00Z"},
		{"no sub", jwt.MapClaims{"sub": nil}, nil, "in 0 bytes"},
		{"sub empty", jwt.MapClaims{"sub": ""}, nil, "in 0 bytes"},
		{"sub number", jwt.MapClaims{"sub": 7}, nil, "the claim sub"},
		{"sub long", jwt.MapClaims{"sub": strings.Repeat("é", 64)}, nil, ""},
		{"sub too long", jwt.MapClaims{"sub": strings.Repeat("é", 64) + "x"}, nil, "in 129 bytes"},
		{"sub not Unicode", jwt.MapClaims{"sub": "a\ufffd"}, nil, "valid Unicode"},
		{"issuer and audience", jwt.MapClaims{"iss": "studio", "aud": "game"}, strict, ""},
		{"one audience of several", jwt.MapClaims{"iss": "studio", "aud": []string{"x", "game"}}, strict, ""},
		{"no issuer", jwt.MapClaims{"aud": "game"}, strict, "lacks a claim"},
		{"no audience", jwt.MapClaims{"iss": "studio"}, strict, "lacks a claim"},
		{"another issuer", jwt.MapClaims{"iss": "Studio", "aud": "game"}, strict, "another issuer"},
		{"another audience", jwt.MapClaims{"iss": "studio", "aud": "games"}, strict, "another audience"},
		{"aud of numbers", jwt.MapClaims{"aud": []int{1}}, nil, "the claim aud"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := someClaims()
			for name, value := range tc.more {
				c[name] = value
			}
			_, err := s.server(t, tc.option).Verify(s.sign(t, "HS256", nil, c))
			if tc.says != "" {
				wantRefused(t, err, tc.says)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestStudioKeys: what could be a public key is none of the secrets, and the
// sentence says how to mend the file.
func TestStudioKeys(t *testing.T) {
	public := must(x509.MarshalPKIXPublicKey(rsa2048().Public()))
	private := must(x509.MarshalPKCS8PrivateKey(rsa2048()))
	weak := new(big.Int).SetBit(big.NewInt(1), 1023, 1)
	block := func(kind string, b []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}) }
	for _, tc := range []struct {
		name string
		file []byte
		says string
	}{
		{"empty", nil, "too short for a secret: it has 0 bytes"},
		{"short", []byte("secret\n"), "too short for a secret: it has 6 bytes"},
		{"31 bytes and a line's end", []byte(strings.Repeat("x", 31) + "\r\n"), "it has 31 bytes"},
		{"large", bytes.Repeat([]byte("x"), SecretBytesMax+1), "at most 4096"},
		{"JWK", []byte(`{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78"}`), "convert it to PEM"},
		{"SSH", []byte("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG5vdCBhIHJlYWwga2V5 me"), "ssh-keygen"},
		{"DER", public, "openssl pkey -pubin -inform DER"},
		{"DER, PKCS 1", x509.MarshalPKCS1PublicKey(&rsa2048().PublicKey), "is DER"},
		{"DER in base64", []byte(base64.StdEncoding.EncodeToString(public)), "is DER"},
		{"DER, private", private, "is DER"},
		{"private", block("PRIVATE KEY", private), "the key is private"},
		{"certificate", block("CERTIFICATE", public), "openssl x509 -pubkey"},
		{"parameters", block("EC PARAMETERS", public), "want PUBLIC KEY"},
		{"damaged", block("PUBLIC KEY", public[:90]), "cannot be read"},
		{"cut", publicPEM(rsa2048().Public())[:200], "PEM is broken"},
		{"two", append(block("PUBLIC KEY", public), block("PUBLIC KEY", public)...), "one public key"},
		{"RSA of 1024 bits", publicPEM(&rsa.PublicKey{N: weak, E: 65537}), "want 2048 to 8192"},
		{"P-224", publicPEM(must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader)).Public()), "want P-256"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := NewStudio(StudioOptions{Key: tc.file}); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want an error that says %q", err, tc.says)
			}
		})
	}
}
