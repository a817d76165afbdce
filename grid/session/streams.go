package session

import (
	"bytes"
	"errors"
	"fmt"
	"unsafe"

	"github.com/thronggrid/throng/grid"
)

// streams are the keys of the streams that a session is on, in the order in which
// it came to them: a byte for the length of each, and the key. One string instead
// of a slice of strings, because there are many sessions with one stream or few.
type streams string

// first cuts off the first key, which is a view that must not be written to.
func (s streams) first() (key []byte, rest streams) {
	n := 1 + int(s[0])
	return unsafe.Slice(unsafe.StringData(string(s[1:n])), n-1), s[n:]
}

// count returns the number of streams.
func (s streams) count() int {
	n := 0
	for ; s != ""; n++ {
		s = s[1+int(s[0]):]
	}
	return n
}

// find returns where a stream stands; -1: nowhere.
func (s streams) find(key []byte) int {
	for rest := s; rest != ""; {
		at := len(s) - len(rest)
		var k []byte
		if k, rest = rest.first(); bytes.Equal(k, key) {
			return at
		}
	}
	return -1
}

// with returns the streams and one more.
func (s streams) with(key []byte) streams {
	b := make([]byte, 0, len(s)+1+len(key))
	b = append(append(b, s...), byte(len(key)))
	return taken(append(b, key...))
}

// without returns the streams but the one that stands at a place. It always
// copies: a part of the old string would keep the memory of all of it.
func (s streams) without(at int) streams {
	rest := s[at+1+int(s[at]):]
	b := make([]byte, 0, at+len(rest))
	return taken(append(append(b, s[:at]...), rest...))
}

// taken makes bytes that nothing else has into streams.
func taken(b []byte) streams { return streams(unsafe.String(unsafe.SliceData(b), len(b))) }

// readStreams checks what a snapshot has for streams, and copies it.
func readStreams(b []byte) (streams, error) {
	s, n := streams(b), 0
	for rest := s; rest != ""; n++ {
		if n == StreamsMax {
			return "", fmt.Errorf("more than %d streams", StreamsMax)
		}
		if len(rest) < 1+int(rest[0]) {
			return "", errors.New("streams that are cut off")
		}
		at := len(s) - len(rest)
		var key []byte
		key, rest = rest.first()
		if err := grid.CheckKey(key); err != nil {
			return "", err
		}
		if s[:at].find(key) >= 0 {
			return "", fmt.Errorf("the stream %q twice", key)
		}
	}
	return s, nil
}
