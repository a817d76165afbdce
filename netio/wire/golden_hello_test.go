package wire

import (
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
)

// helloVectors are hellos and the answers to them.
func helloVectors() goldens {
	hello := names("version min", "version max", "provider", "credential", "nonce", "agent",
		"resume token")
	welcome := names("version", "user id", "requests max", "frame bytes max", "agent",
		"session id", "resume token", "resumed", "streams", "tokens", "trace")
	say := func(what, provider, credential string) golden {
		h := &Hello{1, 1, provider, credential, []byte("0123456789abcdef"), "demo", nil}
		return golden{what, frameOf(KindHello, 0, 7, h.Append(nil)), hello}
	}
	const token = "header.claims.signature"
	refused := fault.New(fault.Unauthenticated,
		"the refresh token has expired: log in with other credentials")
	return goldens{
		"hello_custom": {"hello of a player",
			frameOf(KindHello, 0, 1, aHello().Append(nil)), hello},
		"hello_device":  say("hello of a device", ProviderDevice, "a-device-0001"),
		"hello_token":   say("hello with a session token", ProviderToken, token),
		"hello_refresh": say("hello with a refresh token", ProviderRefresh, token),
		"hello_jwt":     say("hello with a token of the studio", ProviderJWT, token),
		"hello_server": say("hello of the studio's own server", ProviderServer,
			"a key of 32 random characters..."),
		"hello_resume": {"hello that takes a session up again",
			frameOf(KindHello, 0, 1, aResume().Append(nil)), hello},
		"welcome": {"the reply to hello",
			frameOf(KindHello, Reply, 1, aWelcome().Append(nil)), welcome},
		"welcome_resumed": {"the reply to a hello that resumed a session, which is on two streams",
			frameOf(KindHello, Reply, 1, aResumed().Append(nil)), welcome},
		"welcome_refreshed": {"the reply to a hello that used a refresh token, with the next ones",
			frameOf(KindHello, Reply, 1, aRefreshed().Append(nil)), welcome},
		"error_hello": {"the reply to a hello that is refused; a goodbye follows",
			frameOf(KindHello, Reply|Error, 7, refused.Append(nil)), errorNames()},
	}
}

func errorNames() []string { return names("code", "message", "retry ms", "unknown") }

// connectionVectors are messages of a connection, and errors.
func connectionVectors() goldens {
	const page, submit = leaderboard.KindPage, leaderboard.KindSubmit
	failed := fault.New(fault.NotFound, "there is no board %q: create it first", "weekly")
	unknown := &fault.Error{
		Code: fault.Unavailable, Message: "the leader was lost", Retry: 50 * time.Millisecond, Unknown: true,
	}
	forgotten := fault.New(fault.Aborted, "number 7 was given up before")
	goodbye := names("reason", "text", "reconnect after ms")
	replaced := &Goodbye{Reason: SessionReplaced, Text: SessionReplaced.Text()}
	return goldens{
		"missed": {"pushes were dropped", frameOf(KindMissed, 0, 0, []byte{0x90}), nil},
		"token":  {"tokens are asked for", frameOf(KindToken, 0, 5, []byte{0x90}), nil},
		"token_reply": {"the tokens, and when they expire, in seconds since 1970",
			frameOf(KindToken, Reply, 5, someTokens().Append(nil)),
			names("session token", "expires", "refresh token", "expires")},
		"goodbye": {"the server shuts down",
			frameOf(KindGoodbye, 0, 0, aGoodbye().Append(nil)), goodbye},
		"goodbye_replaced": {"another connection has resumed the session: do not connect again",
			frameOf(KindGoodbye, 0, 0, replaced.Append(nil)), goodbye},
		"ping": {"a sign of life", frameOf(KindPing, 0, 2, []byte{0x90}), nil},
		"pong": {"the reply to ping", frameOf(KindPing, Reply, 2, []byte{0x90}), nil},
		"error_failed": {"an error: nothing happened",
			frameOf(page, Reply|Error, 3, failed.Append(nil)), errorNames()},
		"error_unknown": {"an error: it may have happened; ask again with the same numbers",
			frameOf(submit, Reply|Error, 4, unknown.Append(nil)), errorNames()},
		"error_aborted": {"an error: nobody can tell any more whether it was done",
			frameOf(submit, Reply|Error, 6, forgotten.Append(nil)), errorNames()},
	}
}
