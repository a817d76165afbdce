package mesh

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"unicode/utf8"
)

// A role keeps what one side proves from serving the other.
type role byte

const (
	dialler  role = 'd'
	accepter role = 'a'
)

const (
	verdictFixed = 12 // of a verdict, before the text
	proofBytes   = sha256.Size
)

// A verdict is what each side says once it has both hellos: whether it takes the
// connection, with the proof that it knows the secret and has heard these two hellos.
type verdict struct {
	reason Reason // reasonNone: taken
	clock  int64  // µs since 1970, when this was written
	text   string
}

// encode returns a verdict; proven is false for who is told nothing that needs a proof.
func (v *verdict) encode(key []byte, r role, hellos [2][]byte, proven bool) []byte {
	b := make([]byte, 0, verdictFixed+len(v.text)+proofBytes)
	b = binary.BigEndian.AppendUint16(b, uint16(v.reason))
	b = binary.BigEndian.AppendUint16(b, uint16(len(v.text)))
	b = binary.BigEndian.AppendUint64(b, uint64(v.clock))
	b = append(b, v.text...)
	if !proven {
		return append(b, make([]byte, proofBytes)...)
	}
	return append(b, proof(key, r, hellos, b)...)
}

// proof is the HMAC over the role, the dialler's hello, the accepter's, and a verdict.
// The hellos say themselves how long they are.
func proof(key []byte, r role, hellos [2][]byte, verdict []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte{byte(r)})
	m.Write(hellos[0])
	m.Write(hellos[1])
	m.Write(verdict)
	return m.Sum(nil)
}

// readVerdict reads a verdict, and says whether its proof is right. The error is
// errGarbage or one of reading.
func readVerdict(rd io.Reader, key []byte, r role, hellos [2][]byte) (
	v verdict, ok bool, err error,
) {
	raw := make([]byte, verdictFixed, verdictFixed+textBytesMax+proofBytes)
	if _, err = io.ReadFull(rd, raw); err != nil {
		return v, false, err
	}
	v.reason = Reason(binary.BigEndian.Uint16(raw))
	size := int(binary.BigEndian.Uint16(raw[2:]))
	v.clock = int64(binary.BigEndian.Uint64(raw[4:]))
	if v.reason >= reasonsEnd || size > textBytesMax || v.clock < 0 || v.clock > clockMax {
		return v, false, errGarbage
	}
	raw = raw[:verdictFixed+size+proofBytes]
	if _, err = io.ReadFull(rd, raw[verdictFixed:]); err != nil {
		return v, false, err
	}
	said := raw[:verdictFixed+size]
	v.text = string(said[verdictFixed:])
	if !utf8.ValidString(v.text) {
		return v, false, errGarbage
	}
	return v, hmac.Equal(raw[verdictFixed+size:], proof(key, r, hellos, said)), nil
}
