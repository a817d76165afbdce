// Package credential makes and checks what a client shows to say who it is: the
// tokens that the server gives out itself (Tokens), and those that a studio signs
// with a key of its own (Studio).
//
// All are JSON Web Tokens. golang-jwt parses them and checks signatures and
// times; what it leaves open is closed here, see claims.go.
//
// # The server's own tokens
//
// A session token lets its user connect again without other credentials, for an
// hour. A refresh token opens one session, within a week, and is the way to the next
// pair. Both are signed with HMAC-SHA-256 under a key of the node:
//
//	header   alg HS256 · kid the key's id
//	claims   iss, aud "throng" · sub user id · typ "session" or "refresh" · iat, exp
//	         jti of a refresh token: the session in which it was given out and 8 random
//	         bytes, base64url
//
// There are two keys so that they can be rotated: the first signs, both check.
// A session token cannot be called back before it expires; nothing is kept for
// one. That a refresh token is used once is seen to at the user's slot, by its jti.
//
// # The studio's tokens
//
// One key, and only the algorithms that fit it. The claims exp and sub must be
// there; iss and aud are compared when the options name one; nbf and iat count
// when they are there. The user is derived from sub.
//
// # Invariants
//
//	I1  No token is believed before its signature was checked, by an algorithm of
//	    the list that was fixed at start. "none" is in no list.
//	I2  A token of one type never passes for the other, a studio's never for ours.
//	I3  A public key is never the secret of an HMAC.
//	I4  A refresh token's Until lies behind the last moment at which it is accepted:
//	    who remembers it until then sees every second use.
//	I5  Of a claim that is there twice none is believed, and names are compared
//	    letter by letter.
//
// # Limits
//
// A token has at most wire.TokenBytesMax bytes, looked at before all else, and
// MembersMax claims. Checking one of ours takes some 10 µs; a signature by RSA,
// Ed25519 or P-256 some 100 µs, and one on P-384 or P-521 milliseconds: too long for
// an event loop. Nothing is kept per token.
//
// All methods may be called from any goroutine. Errors are *fault.Error and
// UNAUTHENTICATED, but for those of New, NewStudio and ParseKeys, which are for
// who started the server.
package credential
