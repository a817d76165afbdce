package router

import (
	"bytes"
	"testing"
)

// Whatever another node sends, it is read to its end or refused.
func FuzzMessages(f *testing.F) {
	batch := append(appendHead(nil, true, 3, 9), command, 0, 0, 0, 2, 1, 2)
	f.Add(batch)
	from := beginOutcome(nil, name{1, 2, 3})
	f.Add(endOutcome(appendRefusal(from, true, leads(7, 9)), outcomeHeadBytes))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, _, rest, err := readHead(b); err == nil {
			for len(rest) > 0 {
				_, request, more, err := readRequest(rest)
				if err != nil {
					break
				}
				if len(request)+requestHeadBytes+len(more) != len(rest) {
					t.Fatal("bytes were lost")
				}
				rest = more
			}
		}
		for rest := b; len(rest) > 0; {
			n, body, more, err := readOutcome(rest)
			if err != nil {
				break
			}
			again := beginOutcome(nil, n)
			again = endOutcome(append(again, body...), outcomeHeadBytes)
			if !bytes.Equal(again, rest[:len(rest)-len(more)]) {
				t.Fatal("an outcome is not what was read")
			}
			if body[0] == refused {
				_, _, _ = readRefusal(body)
			}
			rest = more
		}
	})
}
