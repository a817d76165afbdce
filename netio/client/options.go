package client

import (
	"context"
	"net"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/wire"
)

// RetryFor is how long a call is tried again when its context sets no earlier
// end. It is half of the time for which servers remember request ids.
const RetryFor = 5 * time.Minute

// Credential says who connects: one of the functions below makes it.
type Credential struct {
	provider string
	secret   string
}

// Device is a player whom the game knows by an id, of 10 to 128 bytes of UTF-8,
// that it keeps on the device. Who knows the id is the player.
func Device(id string) Credential { return Credential{wire.ProviderDevice, id} }

// SessionToken is a player by a token that Client.Tokens returned. It can be used
// until it expires.
func SessionToken(token string) Credential { return Credential{wire.ProviderToken, token} }

// RefreshToken is a player by a refresh token that Client.Tokens returned. It opens
// one session and is used up by that; the client goes on with the next one, which it
// hands to Options.Renewed.
func RefreshToken(token string) Credential { return Credential{wire.ProviderRefresh, token} }

// JWT is a player by a token that the studio signed.
func JWT(token string) Credential { return Credential{wire.ProviderJWT, token} }

// Custom is a player whom the game knows by an id of 6 to 128 bytes of UTF-8.
// Who knows the id is the player.
func Custom(id string) Credential { return Credential{wire.ProviderCustom, id} }

// ServerKey is the studio's own server, which may act for every user.
func ServerKey(key string) Credential { return Credential{wire.ProviderServer, key} }

// Options says how to connect. All but Credential may be left zero.
type Options struct {
	Credential Credential
	Agent      string        // what speaks, at most 128 bytes; default "throng-go"
	Nonce      []byte        // names this client's request ids; default: 16 random bytes
	HelloIn    time.Duration // how long connecting and hello may take; default 5 s
	PingEvery  time.Duration // silence after which to ping, and then to give up; default 10 s
	BackoffMin time.Duration // the first pause before connecting again; default 20 ms
	BackoffMax time.Duration // the longest; default 2 s
	// Renewed is called with the tokens that come in place of a refresh token which was
	// used: store them in its place, the old one is void when Renewed returns. It is
	// called one at a time, and must not call the client.
	Renewed func(wire.Tokens)
	// Dial opens a connection to the address of the server, through a proxy say;
	// default: a plain TCP connection.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
}

// Validate says what is wrong with the options.
func (o *Options) Validate() error {
	if o.Credential == (Credential{}) {
		return fault.New(fault.InvalidArgument,
			"no credential: set Options.Credential, to Custom(id) say")
	}
	if o.HelloIn < 0 || o.PingEvery < 0 || o.BackoffMin < 0 || o.BackoffMax < 0 {
		return fault.New(fault.InvalidArgument,
			"a time in the options is negative: leave it 0 for the default")
	}
	h := o.hello(nil)
	return h.Check()
}

func (o *Options) hello(resume *wire.ResumeToken) wire.Hello {
	return wire.Hello{
		VersionMin: wire.Version,
		VersionMax: wire.Version,
		Provider:   o.Credential.provider,
		Credential: o.Credential.secret,
		Nonce:      o.Nonce,
		Agent:      o.Agent,
		Resume:     resume,
	}
}

func (o *Options) defaults() {
	if o.Agent == "" {
		o.Agent = "throng-go"
	}
	if o.Dial == nil {
		o.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", addr)
		}
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&o.HelloIn, 5 * time.Second},
		{&o.PingEvery, 10 * time.Second},
		{&o.BackoffMin, 20 * time.Millisecond},
		{&o.BackoffMax, 2 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
}
