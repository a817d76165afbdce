package credential

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/wire"
)

// start is when the tests' clock begins.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// aClock is a clock that a test sets.
type aClock struct{ time.Time }

func (c *aClock) now() time.Time { return c.Time }

const (
	keyA = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	keyB = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
	keyC = "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
)

func keysOf(t testing.TB, lines ...string) Keys {
	t.Helper()
	k, err := ParseKeys(strings.Join(lines, "\n") + "\n")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// someTokens returns Tokens under two keys, and their clock.
func someTokens(t testing.TB) (*Tokens, *aClock) {
	t.Helper()
	clock := &aClock{start}
	tokens, err := New(Options{Keys: keysOf(t, keyA, keyB), Now: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	return tokens, clock
}

func aPlayer() *grid.Caller { return &grid.Caller{User: grid.UserID("custom", "player-0001")} }

func issue(t testing.TB, tokens *Tokens) wire.Tokens {
	t.Helper()
	p, err := tokens.Issue(aPlayer())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// wantRefused checks that an error is UNAUTHENTICATED and says something.
func wantRefused(t *testing.T, err error, says string) {
	t.Helper()
	if fault.CodeOf(err) != fault.Unauthenticated || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v, want UNAUTHENTICATED that says %q", err, says)
	}
}

func TestTokensRoundTrip(t *testing.T) {
	tokens, _ := someTokens(t)
	p := issue(t, tokens)
	if len(p.Session) > 512 || len(p.Refresh) > 512 {
		t.Errorf("tokens of %d and %d bytes are long", len(p.Session), len(p.Refresh))
	}
	lives := DefaultLives()
	if !p.SessionUntil.Equal(start.Add(lives.Session)) || !p.RefreshUntil.Equal(start.Add(lives.Refresh)) {
		t.Errorf("the tokens last until %v and %v", p.SessionUntil, p.RefreshUntil)
	}
	if user, err := tokens.Session(p.Session); err != nil || user != aPlayer().User {
		t.Errorf("the session token is of %v, %v", user, err)
	}
	r, err := tokens.Refresh(p.Refresh)
	if err != nil || r.User != aPlayer().User || r.ID == [16]byte{} {
		t.Errorf("the refresh token says %+v, %v", r, err)
	}
	again, err := tokens.Refresh(issue(t, tokens).Refresh)
	if err != nil || again.ID == r.ID {
		t.Errorf("two refresh tokens have the id %x, %v", r.ID, err)
	}
}

// TestTheServersKeyGetsNoTokens: they would make a player of it.
func TestTheServersKeyGetsNoTokens(t *testing.T) {
	tokens, _ := someTokens(t)
	_, err := tokens.Issue(&grid.Caller{Server: true})
	if fault.CodeOf(err) != fault.FailedPrecondition {
		t.Errorf("got %v", err)
	}
}

func TestTypesAreKeptApart(t *testing.T) {
	tokens, _ := someTokens(t)
	p := issue(t, tokens)
	_, err := tokens.Session(p.Refresh)
	wantRefused(t, err, "not a session token: use the provider refresh")
	_, err = tokens.Refresh(p.Session)
	wantRefused(t, err, "not a refresh token: use the provider token")
}

func TestTokensExpire(t *testing.T) {
	tokens, clock := someTokens(t)
	p := issue(t, tokens)
	clock.Time = p.SessionUntil.Add(Leeway - time.Second)
	if _, err := tokens.Session(p.Session); err != nil {
		t.Errorf("within the leeway: %v", err)
	}
	clock.Time = p.SessionUntil.Add(Leeway)
	_, err := tokens.Session(p.Session)
	wantRefused(t, err, "expired at 2026-03-01T13:00:00Z: use the refresh token")

	clock.Time = p.RefreshUntil.Add(Leeway - time.Second)
	r, err := tokens.Refresh(p.Refresh)
	if err != nil || !r.Until.After(p.RefreshUntil.Add(Leeway)) {
		t.Errorf("a use at the last moment is remembered until %v (%v)", r.Until, err)
	}
	clock.Time = p.RefreshUntil.Add(Leeway)
	_, err = tokens.Refresh(p.Refresh)
	wantRefused(t, err, "expired at 2026-03-08T12:00:00Z: log in again")
}

// TestTokensOfAFastClock: a token of a node whose clock is ahead counts once it
// is no longer from the future.
func TestTokensOfAFastClock(t *testing.T) {
	tokens, clock := someTokens(t)
	p := issue(t, tokens)
	clock.Time = start.Add(-Leeway)
	if _, err := tokens.Session(p.Session); err != nil {
		t.Errorf("within the leeway: %v", err)
	}
	clock.Time = start.Add(-Leeway - time.Second)
	_, err := tokens.Session(p.Session)
	wantRefused(t, err, "issued at 2026-03-01T12:00:00Z (iat): set the clocks right")
}

// TestKeysRotate: the current and the previous key check, the current one signs.
func TestKeysRotate(t *testing.T) {
	clock := &aClock{start}
	at := func(lines ...string) *Tokens {
		tokens, err := New(Options{Keys: keysOf(t, lines...), Now: clock.now})
		if err != nil {
			t.Fatal(err)
		}
		return tokens
	}
	before, after, later := at(keyA, keyB), at(keyC, keyA), at(keyB, keyC)
	p := issue(t, before)
	if _, err := after.Session(p.Session); err != nil {
		t.Errorf("after one rotation: %v", err)
	}
	_, err := later.Session(p.Session)
	wantRefused(t, err, "a key that this server does not have, or not any more")
	_, err = later.Refresh(p.Refresh)
	wantRefused(t, err, "or not any more: log in again")
	_, err = before.Session(issue(t, after).Session)
	wantRefused(t, err, "a key that this server does not have")
	if _, err := later.Session(issue(t, after).Session); err != nil {
		t.Errorf("the new key did not sign: %v", err)
	}
}

func TestParseKeys(t *testing.T) {
	if k := keysOf(t, keyA); len(k.list) != 1 {
		t.Errorf("one key was read as %d", len(k.list))
	}
	if k, err := ParseKeys(DrawKeys()); err != nil || len(k.list) != KeysMax || k.list[0].id == k.list[1].id {
		t.Errorf("drawn keys: %v, %v", k.list, err)
	}
	first, second := DrawKeys(), DrawKeys()
	if first == second {
		t.Error("the same keys were drawn twice")
	}
	for _, bad := range []string{
		"", "\n", keyA + "\n\n", keyA[1:], keyA + "00", strings.Repeat("x", 64), keyA + "\n" + keyB + "\n" + keyC,
	} {
		if k, err := ParseKeys(bad); err == nil {
			t.Errorf("%q was read as %d keys", bad, len(k.list))
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	good := Options{Keys: keysOf(t, keyA), Lives: DefaultLives()}
	for _, tc := range []struct {
		change func(*Options)
		says   string
	}{
		{func(o *Options) { o.Keys = Keys{} }, "no keys"},
		{func(o *Options) { o.Lives.Session = time.Second }, "want 1m0s to 24h0m0s"},
		{func(o *Options) { o.Lives.Session = -1 }, "want 1m0s to 24h0m0s"},
		{func(o *Options) { o.Lives.Session = 25 * time.Hour }, "want 1m0s to 24h0m0s"},
		{func(o *Options) { o.Lives.Refresh = time.Minute }, "want 1h0m0s to 8760h0m0s"},
		{func(o *Options) { o.Lives.Refresh = 9000 * time.Hour }, "want 1h0m0s to 8760h0m0s"},
		{func(o *Options) { o.Lives = Lives{3 * time.Hour, 2 * time.Hour} }, "live longer"},
	} {
		o := good
		tc.change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("got %v, want an error that says %q", err, tc.says)
		}
	}
	if _, err := New(Options{Keys: good.Keys}); err != nil {
		t.Errorf("with the defaults: %v", err)
	}
}

// TestOnlyOurUsersAreNamed: what is signed but names no user or no id is refused,
// not taken for the user 0.
func TestOnlyOurUsersAreNamed(t *testing.T) {
	tokens, _ := someTokens(t)
	user := aPlayer().User.String()
	ours := func(change func(*claims)) string {
		c := &claims{
			Issuer: self, Audience: jwt.ClaimStrings{self}, Subject: user, Type: typeRefresh,
			ID:       base64.RawURLEncoding.EncodeToString(make([]byte, 16)),
			IssuedAt: jwt.NewNumericDate(start), ExpiresAt: jwt.NewNumericDate(start.Add(time.Hour)),
		}
		change(c)
		token := jwt.NewWithClaims(jwt.SigningMethodHS256, c)
		key := tokens.options.Keys.list[0]
		token.Header["kid"] = key.id
		s, err := token.SignedString(key.secret)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if _, err := tokens.Refresh(ours(func(*claims) {})); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		change func(*claims)
		says   string
	}{
		{func(c *claims) { c.Subject = "" }, "names no user"},
		{func(c *claims) { c.Subject = "player-0001" }, "names no user"},
		{func(c *claims) { c.Subject = strings.ToUpper(user) }, "names no user"},
		{func(c *claims) { c.Subject = strings.ReplaceAll(user, "-", "x") }, "names no user"},
		{func(c *claims) { c.Subject = strings.Repeat("g", 36) }, "names no user"},
		{func(c *claims) { c.ID = "" }, "no id (jti)"},
		{func(c *claims) { c.ID = c.ID[:20] }, "no id (jti)"},
		{func(c *claims) { c.ID += "AAAA" }, "no id (jti)"},
		{func(c *claims) { c.Type = "" }, "not a refresh token"},
		{func(c *claims) { c.Issuer = "elsewhere" }, "another issuer"},
		{func(c *claims) { c.Issuer = "" }, "lacks a claim"},
		{func(c *claims) { c.Audience = jwt.ClaimStrings{"elsewhere"} }, "another audience"},
		{func(c *claims) { c.ExpiresAt = nil }, "lacks a claim"},
	} {
		_, err := tokens.Refresh(ours(tc.change))
		wantRefused(t, err, tc.says)
	}
}

func BenchmarkSession(b *testing.B) {
	tokens, _ := someTokens(b)
	p := issue(b, tokens)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tokens.Session(p.Session); err != nil {
			b.Fatal(err)
		}
	}
}
