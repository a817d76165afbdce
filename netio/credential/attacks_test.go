package credential

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thronggrid/throng/netio/wire"
)

// segment encodes a part of a token.
func segment(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// hs256 makes a token of any header and claims, signed with a secret.
func hs256(header, claims string, secret []byte) string {
	text := segment([]byte(header)) + "." + segment([]byte(claims))
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return text + "." + segment(mac.Sum(nil))
}

const (
	goodHeader = `{"alg":"HS256","typ":"JWT"}`
	goodClaims = `{"sub":"player 1","exp":1900000000}`
)

// TestAlgNone: a token without signature is refused however none is spelled.
func TestAlgNone(t *testing.T) {
	unsigned, err := jwt.NewWithClaims(jwt.SigningMethodNone, someClaims()).
		SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	tokens, _ := someTokens(t)
	check := func(token string) {
		t.Helper()
		for _, s := range studios() {
			if user, err := s.server(t, nil).Verify(token); err == nil {
				t.Errorf("%s was taken as %v", token, user)
			}
		}
		if _, err := tokens.Session(token); err == nil {
			t.Errorf("%s was taken as a session", token)
		}
	}
	check(unsigned)
	for _, none := range []string{`"none"`, `"None"`, `"NONE"`, `"nOnE"`, `""`, `null`, `0`, `["HS256"]`, `"HS256 "`} {
		check(segment([]byte(`{"alg":`+none+`,"typ":"JWT"}`)) + "." + segment([]byte(goodClaims)) + ".")
		check(hs256(`{"alg":`+none+`}`, goodClaims, nil))
	}
}

// TestThePublicKeyIsNoSecret: the classic confusion of RS256 and HS256.
func TestThePublicKeyIsNoSecret(t *testing.T) {
	s := studioOf(rsa2048())
	server := s.server(t, nil)
	der := must(json.Marshal(s.file))
	for _, secret := range [][]byte{
		s.file, []byte(strings.TrimSpace(string(s.file))), der, nil, rsa2048().N.Bytes(),
	} {
		_, err := server.Verify(hs256(goodHeader, goodClaims, secret))
		wantRefused(t, err, "signed by HS256: this server takes RS256")
	}
	if _, err := NewStudio(StudioOptions{Key: s.file, Algorithms: []string{"RS256", "HS256"}}); err == nil {
		t.Error("a public key was taken for HS256")
	}
}

// TestAForeignKey: header fields that name or bring a key change nothing.
func TestAForeignKey(t *testing.T) {
	forger := studioOf(must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))
	server := studioOf(must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))).server(t, nil)
	for _, more := range []map[string]any{
		nil,
		{"kid": "../../dev/null"},
		{"kid": "' UNION SELECT 'key"},
		{"jku": "https://forger.example/keys"},
		{"x5u": "https://forger.example/chain"},
		{"jwk": map[string]any{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}},
	} {
		_, err := server.Verify(forger.sign(t, "ES256", more, someClaims()))
		wantRefused(t, err, "wrong signature")
	}
	_, err := server.Verify(segment([]byte(`{"alg":"ES256"}`)) + "." + segment([]byte(goodClaims)) + "." +
		segment(make([]byte, 64))) // r = s = 0
	wantRefused(t, err, "wrong signature")
}

// TestAnotherKeyID: our own tokens name their key, and no other is tried.
func TestAnotherKeyID(t *testing.T) {
	tokens, _ := someTokens(t)
	current, previous := tokens.options.Keys.list[0], tokens.options.Keys.list[1]
	body := segment([]byte(goodClaims))
	for _, kid := range []string{`"x"`, `""`, `null`, `0`, `["` + current.id + `"]`, `"` + current.id + `0"`} {
		_, err := tokens.Session(hs256(`{"alg":"HS256","kid":`+kid+`}`, goodClaims, current.secret))
		wantRefused(t, err, "a key that this server does not have")
	}
	_, err := tokens.Session(hs256(`{"alg":"HS256"}`, goodClaims, current.secret))
	wantRefused(t, err, "a key that this server does not have")
	_, err = tokens.Session(hs256(`{"alg":"HS256","kid":"`+current.id+`"}`, goodClaims, previous.secret))
	wantRefused(t, err, "wrong signature")
	_, err = tokens.Session(segment([]byte(`{"alg":"HS256","kid":"`+current.id+`"}`)) + "." + body + ".")
	wantRefused(t, err, "wrong signature")
}

// TestEveryChangeIsNoticed: a token with any letter changed, cut off, doubled or
// added is refused.
func TestEveryChangeIsNoticed(t *testing.T) {
	tokens, _ := someTokens(t)
	token := issue(t, tokens).Session
	for i := range len(token) {
		for _, letter := range []string{"", "A", "_", ".", "=", "\n", "\x00", token[i:i+1] + token[i:i+1]} {
			changed := token[:i] + letter + token[i+1:]
			if changed == token {
				continue
			}
			if _, err := tokens.Session(changed); err == nil {
				t.Fatalf("%q was taken for %q", changed, token)
			}
		}
		if _, err := tokens.Session(token[:i]); err == nil {
			t.Fatalf("%d bytes were taken for %d", i, len(token))
		}
	}
	for _, more := range []string{"A", ".", ".A", "=", " ", "\n", "\r\n"} {
		_, err := tokens.Session(token + more)
		wantRefused(t, err, "")
	}
}

// TestHugeTokens: what is too long is refused without a look at it.
func TestHugeTokens(t *testing.T) {
	s := secretStudio()
	server := s.server(t, nil)
	for _, token := range []string{
		strings.Repeat(".", 1<<20), strings.Repeat("A", 1<<20), strings.Repeat("A", wire.TokenBytesMax+1),
	} {
		_, err := server.Verify(token)
		wantRefused(t, err, "at most 3072 are read")
		if n := testing.AllocsPerRun(10, func() { _, _ = server.Verify(token) }); n > 6 {
			t.Errorf("refusing %d bytes allocates %v times", len(token), n)
		}
	}
	deep := strings.Repeat("[", 1000) + strings.Repeat("]", 1000)
	token := hs256(goodHeader, `{"sub":"player 1","exp":1900000000,"x":`+deep+`}`, s.private.([]byte))
	if _, err := server.Verify(token); err != nil {
		t.Errorf("nested claims that nobody looks at: %v", err)
	}
}

// TestClaimsAreUnambiguous: what could be read in two ways is not believed.
func TestClaimsAreUnambiguous(t *testing.T) {
	s := secretStudio()
	server := s.server(t, nil)
	secret := s.private.([]byte)
	const exp = `"exp":1900000000`
	for _, tc := range []struct{ header, claims, says string }{
		{goodHeader, `{"sub":"player 1","sub":"player 2",` + exp + `}`, `"sub" is there twice`},
		{goodHeader, `{"sub":"player 1","s\u0075b":"player 2",` + exp + `}`, `"sub" is there twice`},
		{goodHeader, `{"sub":"player 1",` + exp + `,"exp":1700000000}`, `"exp" is there twice`},
		{goodHeader, `{"sub":"player 1",` + exp + `,"x":1,"x":2}`, `"x" is there twice`},
		{goodHeader, `{"Sub":"player 1",` + exp + `}`, "in 0 bytes"},
		{goodHeader, `{"sub":"player 1","EXP":1900000000}`, "lacks a claim"},
		{goodHeader, "{\"sub\":\"a\xff\"," + exp + "}", "not UTF-8"},
		{goodHeader, `{"sub":"a\ud800",` + exp + `}`, "valid Unicode"},
		{goodHeader, `["sub"]`, "not a JSON object"},
		{goodHeader, `null`, "lacks a claim"},
		{goodHeader, `{"sub":"player 1",` + exp + `}{}`, "cannot be read"},
		{goodHeader, ``, "cannot be read"},
		{`{"alg":"HS256","alg":"HS256"}`, goodClaims, `"alg" is there twice`},
		{`{"alg":"none","alg":"HS256"}`, goodClaims, `"alg" is there twice`},
		{`{"alg":"HS256","crit":["b64"],"b64":false}`, goodClaims, "critical extensions"},
		{`{"alg":"HS256","crit":[]}`, goodClaims, "critical extensions"},
		{`["HS256"]`, goodClaims, "cannot be read"},
		{`{"ALG":"HS256"}`, goodClaims, "names no algorithm"},
	} {
		_, err := server.Verify(hs256(tc.header, tc.claims, secret))
		wantRefused(t, err, tc.says)
	}
}

// TestKindsAreKeptApart: under one secret, our tokens are not a studio's.
func TestKindsAreKeptApart(t *testing.T) {
	tokens, _ := someTokens(t)
	key := tokens.options.Keys.list[0]
	token := hs256(`{"alg":"HS256","kid":"`+key.id+`"}`,
		`{"sub":"`+aPlayer().User.String()+`","exp":1900000000}`, key.secret)
	_, err := tokens.Session(token)
	wantRefused(t, err, "lacks a claim")
}

// TestForgedTokensSayNothing: times are looked at behind the signature only.
func TestForgedTokensSayNothing(t *testing.T) {
	s := secretStudio()
	_, err := s.server(t, nil).Verify(hs256(goodHeader, `{"sub":"x","exp":1}`, make([]byte, 64)))
	wantRefused(t, err, "wrong signature")
	if strings.Contains(err.Error(), "expired") {
		t.Errorf("got %v", err)
	}
}

// FuzzSession: no bytes are a token but those that are given out.
func FuzzSession(f *testing.F) {
	tokens, _ := someTokens(f)
	p := issue(f, tokens)
	f.Add(p.Session)
	f.Add(p.Refresh)
	f.Add("..")
	f.Add(hs256(goodHeader, goodClaims, tokens.options.Keys.list[0].secret))
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := tokens.Session(token); err == nil && token != p.Session {
			t.Errorf("%q was taken for a session token", token)
		}
		r, err := tokens.Refresh(token)
		if err != nil {
			return
		}
		again, err := tokens.sign(r.User, typeRefresh, segment(r.ID[:]), start, p.RefreshUntil)
		if err != nil || token != again {
			t.Errorf("%q was taken for a refresh token", token)
		}
	})
}

// FuzzStudio signs any header and claims with the right secret: whatever is
// believed says plainly who it is for, and until when.
func FuzzStudio(f *testing.F) {
	s := secretStudio()
	server := s.server(f, nil)
	f.Add(goodHeader, goodClaims)
	f.Add(goodHeader, `{"sub":"a","exp":19e8,"nbf":1.5,"aud":["x"],"iss":null}`)
	f.Add(`{"alg":"HS256","crit":[]}`, `{"sub":"a","sub":"b","exp":1}`)
	f.Add(`{"alg":"none"}`, `[]`)
	f.Fuzz(func(t *testing.T, header, claims string) {
		user, err := server.Verify(hs256(header, claims, s.private.([]byte)))
		if err != nil {
			wantRefused(t, err, "")
			return
		}
		var head struct{ Alg string }
		var body map[string]any
		if json.Unmarshal([]byte(header), &head) != nil || json.Unmarshal([]byte(claims), &body) != nil {
			t.Fatalf("%s %s was taken as %v", header, claims, user)
		}
		sub, _ := body["sub"].(string)
		exp, _ := body["exp"].(float64)
		if sub == "" || len(sub) > SubjectBytesMax || exp <= float64(start.Add(-Leeway).Unix()) {
			t.Fatalf("%s %s was taken as %v", header, claims, user)
		}
	})
}

// FuzzKey: any key file is refused or a key, and never a public one as a secret.
func FuzzKey(f *testing.F) {
	for _, s := range studios() {
		f.Add(s.file)
	}
	f.Add([]byte("-----BEGIN PUBLIC KEY-----\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		s, err := NewStudio(StudioOptions{Key: file, Now: func() time.Time { return start }})
		if err != nil {
			return
		}
		secret := strings.HasPrefix(s.tokens.algorithms[0], "HS")
		if secret && strings.Contains(string(file), "-----BEGIN") {
			t.Fatalf("%q was taken for a secret", file)
		}
		_, err = s.Verify(hs256(goodHeader, goodClaims, file))
		if err == nil && !secret {
			t.Fatalf("%q was taken for a secret", file)
		}
	})
}
