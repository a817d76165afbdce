package wire

import (
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
	ProviderCustom = "custom" // an id that the game chose
	ProviderServer = "server" // the studio's own server, by the server's key
)

// Limits of a hello's fields, in bytes.
const (
	CustomIDBytesMin   = 6
	CustomIDBytesMax   = 128
	ServerKeyBytesMax  = 1024
	NonceBytesMin      = 8
	NonceBytesMax      = 32
	AgentBytesMax      = 128
	providerBytesMax   = 32
	credentialBytesMax = ServerKeyBytesMax
)

// Hello is the first frame of a connection.
type Hello struct {
	VersionMin uint16
	VersionMax uint16
	Provider   string
	Credential string
	Nonce      []byte // names the client's request ids
	Agent      string
}

// Append appends the hello's array.
func (h *Hello) Append(b []byte) []byte {
	b = pack.AppendArray(b, 6)
	b = pack.AppendUint(b, uint64(h.VersionMin))
	b = pack.AppendUint(b, uint64(h.VersionMax))
	b = pack.AppendString(b, h.Provider)
	b = pack.AppendString(b, h.Credential)
	b = pack.AppendBytes(b, h.Nonce)
	return pack.AppendString(b, h.Agent)
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
	return rest(c, n-6, "hello")
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
	case h.Provider != ProviderCustom:
		return nil
	case len(h.Credential) < CustomIDBytesMin || len(h.Credential) > CustomIDBytesMax:
		return bad("the custom id has %d bytes: choose one of %d to %d",
			len(h.Credential), CustomIDBytesMin, CustomIDBytesMax)
	case !utf8.ValidString(h.Credential):
		return bad("the custom id is not valid UTF-8: send text")
	}
	return nil
}

// Welcome is the reply to hello.
type Welcome struct {
	Version       uint16
	User          grid.ID
	RequestsMax   uint32 // how many writes, and linearizable reads, may be unanswered
	FrameBytesMax uint32 // bounds a frame from the client, head included
	Agent         string
}

// Append appends the welcome's array.
func (w *Welcome) Append(b []byte) []byte {
	b = pack.AppendArray(b, 5)
	b = pack.AppendUint(b, uint64(w.Version))
	b = pack.AppendBytes(b, w.User[:])
	b = pack.AppendUint(b, uint64(w.RequestsMax))
	b = pack.AppendUint(b, uint64(w.FrameBytesMax))
	return pack.AppendString(b, w.Agent)
}

// Decode reads a welcome's array.
func (w *Welcome) Decode(c *pack.Cursor) error {
	n, err := fields(c, 5, "welcome")
	if err != nil {
		return err
	}
	w.Version = uint16(small(c, 16))
	user := c.Bytes()
	if len(user) != len(w.User) && c.Err() == nil {
		return bad("a user id of %d bytes: want %d", len(user), len(w.User))
	}
	copy(w.User[:], user)
	w.RequestsMax = uint32(small(c, 32))
	w.FrameBytesMax = uint32(small(c, 32))
	w.Agent = string(c.String())
	return rest(c, n-5, "welcome")
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
