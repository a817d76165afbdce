package credential

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Limits of signing keys.
const (
	KeyBytes = 32 // of one key
	KeysMax  = 2  // the current and the previous one
)

// Keys are what the server's own tokens are signed with. The first one signs, all
// check.
type Keys struct {
	list []signingKey
}

type signingKey struct {
	id     string // named in tokens; says nothing about the secret
	secret []byte
}

// DrawKeys returns new random keys as ParseKeys reads them.
func DrawKeys() string {
	var b strings.Builder
	for range KeysMax {
		var secret [KeyBytes]byte
		rand.Read(secret[:]) // never fails
		b.WriteString(hex.EncodeToString(secret[:]))
		b.WriteByte('\n')
	}
	return b.String()
}

// ParseKeys reads keys: a line of hexadecimal digits each, the current one first.
func ParseKeys(text string) (Keys, error) {
	var k Keys
	for line := range strings.Lines(text) {
		secret, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil || len(secret) != KeyBytes {
			return Keys{}, fmt.Errorf("line %d is no key of %d hexadecimal digits: make one with "+
				"'openssl rand -hex %d'", len(k.list)+1, 2*KeyBytes, KeyBytes)
		}
		sum := sha256.Sum256(secret)
		k.list = append(k.list, signingKey{id: hex.EncodeToString(sum[:8]), secret: secret})
	}
	if n := len(k.list); n < 1 || n > KeysMax {
		return Keys{}, fmt.Errorf("%d keys: want the current one and at most %d before it, "+
			"a line each", n, KeysMax-1)
	}
	return k, nil
}

// find returns the secret of a key by its id, nil when there is none.
func (k *Keys) find(id string) []byte {
	for i := range k.list {
		if k.list[i].id == id {
			return k.list[i].secret
		}
	}
	return nil
}
