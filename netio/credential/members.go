package credential

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// MembersMax is how many claims, and how many header fields, a token may have.
const MembersMax = 64

var errNoObject = errors.New("not a JSON object")

// members calls f with each member of a JSON object that encoding/json has found
// valid. A name that is there twice, however it is written, is an error.
//
// It only looks for where members begin and end: with a json.Decoder it took
// longer than all the rest of checking a token.
func members(b []byte, f func(name string, value []byte) error) error {
	if !utf8.Valid(b) { // encoding/json mends it, and two names become one
		return errors.New("not UTF-8")
	}
	rest, ok := behind(b, '{')
	if !ok {
		return errNoObject
	}
	var room [16]string
	seen := room[:0]
	for first := true; !bytes.HasPrefix(rest, []byte("}")); first = false {
		if !first {
			if rest, ok = behind(rest, ','); !ok {
				return errNoObject
			}
		}
		size := sizeOf(rest)
		if size < 2 || rest[0] != '"' {
			return errNoObject
		}
		name, err := readString(rest[:size])
		switch {
		case err != nil:
			return err
		case slices.Contains(seen, name):
			return fmt.Errorf("%.32q is there twice", name)
		case len(seen) == MembersMax:
			return fmt.Errorf("more than %d members", MembersMax)
		}
		seen = append(seen, name)
		if rest, ok = behind(rest[size:], ':'); !ok {
			return errNoObject
		}
		if size = sizeOf(rest); size == 0 {
			return errNoObject
		}
		if err := f(name, rest[:size]); err != nil {
			return err
		}
		rest = bytes.TrimLeft(rest[size:], space)
	}
	return nil
}

const space = " \t\r\n" // what may stand between the parts of JSON

// behind returns what comes behind a mark, with no space around it.
func behind(b []byte, mark byte) ([]byte, bool) {
	b = bytes.TrimLeft(b, space)
	if len(b) == 0 || b[0] != mark {
		return nil, false
	}
	return bytes.TrimLeft(b[1:], space), true
}

// sizeOf returns the size of the JSON value at the start of b, 0 when it has no
// end in b.
func sizeOf(b []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++ // whatever was escaped
		case c == '"':
			quoted = !quoted
			if !quoted && depth == 0 {
				return i + 1
			}
		case quoted:
		case c == '{' || c == '[':
			depth++
		case depth > 0:
			if c == '}' || c == ']' {
				if depth--; depth == 0 {
					return i + 1
				}
			}
		case strings.IndexByte(":,}]"+space, c) >= 0: // behind a number or a word
			return i
		}
	}
	return 0
}
