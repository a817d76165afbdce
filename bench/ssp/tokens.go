package ssp

import (
	"bufio"
	"bytes"
	"io"
)

// Tokens counts the numbers of exactly four digits that stand on lines with
// "%Elo" and are not followed by a colon, which would make them years. It knows
// nothing else of the format: it is the independent count that shows that Read
// dropped nothing in silence.
func Tokens(r io.Reader) (int, error) {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), LineBytesMax)
	n, line := 0, 0
	for ; s.Scan(); line++ {
		if i := bytes.Index(s.Bytes(), []byte("%Elo")); i >= 0 {
			n += tokens(s.Bytes()[i:])
		}
	}
	if err := s.Err(); err != nil {
		return n, unreadable("count ratings", line, err)
	}
	return n, nil
}

func tokens[T string | []byte](text T) int {
	n, digits := 0, 0
	for i := range len(text) {
		if c := text[i]; c >= '0' && c <= '9' {
			digits++
			continue
		} else if digits == 4 && c != ':' {
			n++
		}
		digits = 0
	}
	if digits == 4 {
		n++
	}
	return n
}
