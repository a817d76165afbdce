package load

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

// letters counts each byte as a message; an x is an error.
type letters struct{}

func (letters) Join(net.Conn) error { return nil }

func (letters) Count(b []byte) (messages, used int, err error) {
	if strings.Contains(string(b), "x") {
		return 0, 0, errors.New("an x")
	}
	return len(b), len(b), nil
}

func TestAnAudienceMustHearAll(t *testing.T) {
	for _, c := range []struct {
		name  string
		heard [3]string // by listener, of three messages
		says  string    // the error, "" for none
	}{
		{"all", [3]string{"abc", "abc", "abc"}, ""},
		{"one lacks a message", [3]string{"abc", "ab", "abc"}, "has heard 2 messages of 3"},
		{"one heard a message twice", [3]string{"abc", "abcc", "abc"}, "have heard 10 messages, want 9"},
		{"one lacks what another heard twice", [3]string{"abc", "ab", "abcc"}, "has heard 2 messages of 3"},
		{"one heard what it should not", [3]string{"abc", "abc", "x"}, "an x"},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		a, err := Listen(t.Context(), l.Addr().String(), 3, func(int) Listener { return letters{} })
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range c.heard {
			conn, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		for total, sum := int64(0), len(strings.Join(c.heard[:], "")); total < int64(sum) && a.Err() == nil; {
			total, _ = a.Heard() // it must have come before it is judged
		}
		if err := a.Await(t.Context(), 3, 10*time.Millisecond); (err == nil) != (c.says == "") ||
			err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
		a.Close()
		l.Close()
	}
}
