package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// Version is the one version of the protocol so far.
const Version = 1

// The providers of identities.
const (
	ProviderCustom  = "custom"  // an id that the game chose
	ProviderDevice  = "device"  // an id that the device keeps
	ProviderToken   = "token"   // a session token of ours
	ProviderRefresh = "refresh" // a refresh token of ours, which is used up
	ProviderJWT     = "jwt"     // a token that the studio signed
	ProviderServer  = "server"  // the studio's own server, by the server's key
)

// Limits of a hello's fields, in bytes.
const (
	CustomIDBytesMin   = 6
	CustomIDBytesMax   = 128
	DeviceIDBytesMin   = 10
	DeviceIDBytesMax   = 128
	ServerKeyBytesMax  = 1024
	TokenBytesMax      = 3 << 10 // a token's, of whatever provider
	NonceBytesMin      = 8
	NonceBytesMax      = 32
	AgentBytesMax      = 128
	providerBytesMax   = 32
	credentialBytesMax = TokenBytesMax
)

// ResumeToken takes a session up again on another connection: it names the
// session, and holds the secret that only its client knows.
type ResumeToken struct {
	Session grid.SessionID
	Secret  [16]byte
}

// resumeBytes is the size of a resume token on the wire, where it is one field.
const resumeBytes = 8 + 16

func (t *ResumeToken) append(b []byte) []byte {
	var raw [resumeBytes]byte
	binary.BigEndian.PutUint64(raw[:], uint64(t.Session))
	copy(raw[8:], t.Secret[:])
	return pack.AppendBytes(b, raw[:])
}

func (t *ResumeToken) decode(c *pack.Cursor) error {
	raw := c.Bytes()
	if c.Err() != nil {
		return nil // told by rest
	}
	if len(raw) != resumeBytes {
		return bad("a resume token of %d bytes: send back the %d that the server gave out",
			len(raw), resumeBytes)
	}
	t.Session = grid.SessionID(binary.BigEndian.Uint64(raw))
	copy(t.Secret[:], raw[8:])
	return nil
}

// Hello is the first frame of a connection.
type Hello struct {
	VersionMin uint16
	VersionMax uint16
	Provider   string
	Credential string
	Nonce      []byte // names the client's request ids
	Agent      string
	Resume     *ResumeToken // the session to take up again; nil: a new one
}

// Append appends the hello's array.
func (h *Hello) Append(b []byte) []byte {
	b = pack.AppendArray(b, 7)
	b = pack.AppendUint(b, uint64(h.VersionMin))
	b = pack.AppendUint(b, uint64(h.VersionMax))
	b = pack.AppendString(b, h.Provider)
	b = pack.AppendString(b, h.Credential)
	b = pack.AppendBytes(b, h.Nonce)
	b = pack.AppendString(b, h.Agent)
	if h.Resume == nil {
		return pack.AppendNil(b)
	}
	return h.Resume.append(b)
}

// Decode reads a hello's array; it holds no view of the input afterwards.
func (h *Hello) Decode(c *pack.Cursor) error {
	n, err := fields(c, 6, "hello")
	if err != nil {
		return err
	}
	h.VersionMin = uint16(small(c, 16))
	h.VersionMax = uint16(small(c, 16))
	h.Provider = string(c.String())
	h.Credential = string(c.String())
	h.Nonce = append([]byte(nil), c.Bytes()...)
	h.Agent = string(c.String())
	if n == 6 { // as clients said it before there were sessions to resume
		return rest(c, 0, "hello")
	}
	if h.Resume = nil; !c.Nil() {
		h.Resume = new(ResumeToken)
		if err := h.Resume.decode(c); err != nil {
			return err
		}
	}
	return rest(c, n-7, "hello")
}

// Check says what is wrong with a hello's fields; the error is a *fault.Error.
// It does not look at who is named, nor at the versions.
func (h *Hello) Check() error {
	switch {
	case len(h.Provider) > providerBytesMax || len(h.Credential) > credentialBytesMax:
		return bad("provider and credential may have %d and %d bytes",
			providerBytesMax, credentialBytesMax)
	case len(h.Nonce) < NonceBytesMin || len(h.Nonce) > NonceBytesMax:
		return bad("the nonce has %d bytes: draw %d to %d random ones",
			len(h.Nonce), NonceBytesMin, NonceBytesMax)
	case len(h.Agent) > AgentBytesMax || !utf8.ValidString(h.Agent):
		return bad("the agent must be text of at most %d bytes", AgentBytesMax)
	}
	switch h.Provider {
	case ProviderCustom:
		return h.checkID("custom", CustomIDBytesMin, CustomIDBytesMax)
	case ProviderDevice:
		return h.checkID("device", DeviceIDBytesMin, DeviceIDBytesMax)
	}
	return nil
}

// checkID checks a credential that is an id of so many bytes.
func (h *Hello) checkID(what string, least, most int) error {
	if n := len(h.Credential); n < least || n > most {
		return bad("the %s id has %d bytes: choose one of %d to %d", what, n, least, most)
	}
	if !utf8.ValidString(h.Credential) {
		return bad("the %s id is not valid UTF-8: send text", what)
	}
	return nil
}

func bad(format string, args ...any) error {
	return fault.New(fault.InvalidArgument, format, args...)
}

// fields consumes the head of a message's array, which has at least want fields.
func fields(c *pack.Cursor, want int, message string) (int, error) {
	n := c.Array()
	if err := c.Err(); err != nil {
		return 0, fmt.Errorf("decode %s: %w", message, err)
	}
	if n < want {
		return 0, bad("a %s of %d fields: it has at least %d", message, n, want)
	}
	return n, nil
}

// small consumes a number of at most that many bits; a larger one becomes the
// largest, so that a number from a later version cannot pass for another.
func small(c *pack.Cursor, bits int) uint64 {
	return min(c.Uint(), math.MaxUint64>>(64-bits))
}

// rest skips the fields of a later version.
func rest(c *pack.Cursor, n int, message string) error {
	for range n {
		c.Skip()
	}
	if err := c.Err(); err != nil {
		return fmt.Errorf("decode %s: %w", message, err)
	}
	return nil
}
