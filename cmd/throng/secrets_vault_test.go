package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const (
	// secretPartBytes is how much of a secret is looked for, at its begin and at its end:
	// to print half of one is no better than all of it.
	secretPartBytes = 16
	// secretBytesMin is how short a secret may be that is looked for.
	secretBytesMin = 8
)

// A vault knows secrets, and finds them in what should hold none: as they are, in
// hexadecimal digits, in base64, and as a list of numbers.
type vault struct {
	forms map[uint64][]form // by their first eight bytes
}

// form is a part of a secret in one spelling.
type form struct{ of, text string }

// draw returns a new secret, and knows it.
func (v *vault) draw(name string) string {
	secret := rand.Text() + rand.Text()
	v.add(name, secret)
	return secret
}

// add makes a secret known; what is hexadecimal or base64 is one without that, too.
func (v *vault) add(name, secret string) {
	v.addBytes(name, []byte(secret))
	if raw, err := hex.DecodeString(secret); err == nil {
		v.addBytes(name+", decoded", raw)
	} else if raw, err := base64.RawURLEncoding.DecodeString(secret); err == nil {
		v.addBytes(name+", decoded", raw)
	}
}

// addToken makes a token known by its signature: who has only the rest has nothing.
func (v *vault) addToken(name, token string) {
	v.add(name, token[strings.LastIndexByte(token, '.')+1:])
}

func (v *vault) addBytes(name string, secret []byte) {
	if len(secret) < secretBytesMin {
		panic(name + " is too short to be looked for")
	}
	n := min(len(secret), secretPartBytes)
	for _, part := range [][]byte{secret[:n], secret[len(secret)-n:]} {
		v.addForm(name, string(part))
		v.addForm(name+" in hex", hex.EncodeToString(part))
		v.addForm(name+" in hex", strings.ToUpper(hex.EncodeToString(part)))
		v.addForm(name+" as numbers", strings.Trim(fmt.Sprint(part), "[]"))
		v.addForm(name+" as numbers", strings.ReplaceAll(strings.Trim(fmt.Sprint(part), "[]"), " ", ","))
		for before := range 3 { // bytes of something else, in base64 together with it
			whole := append(make([]byte, before), part...)
			from, to := (before*8+5)/6, len(whole)*8/6
			v.addForm(name+" in base64", base64.StdEncoding.EncodeToString(whole)[from:to])
			v.addForm(name+" in base64", base64.URLEncoding.EncodeToString(whole)[from:to])
		}
	}
}

func (v *vault) addForm(of, text string) {
	if v.forms == nil {
		v.forms = map[uint64][]form{}
	}
	key, f := binary.BigEndian.Uint64([]byte(text)), form{of, text}
	if !slices.Contains(v.forms[key], f) {
		v.forms[key] = append(v.forms[key], f)
	}
}

// find returns the names of the secrets that stand in a text.
func (v *vault) find(text string) (names []string) {
	var last uint64
	for i := range len(text) {
		last = last<<8 | uint64(text[i])
		if i < 7 {
			continue
		}
		for _, f := range v.forms[last] {
			if strings.HasPrefix(text[i-7:], f.text) && !slices.Contains(names, f.of) {
				names = append(names, f.of)
			}
		}
	}
	return names
}

// TestVault: a secret is found however it is spelled, and cut short.
func TestVault(t *testing.T) {
	var v vault
	raw := []byte("0123456789\x00\xff\xfeabcdefghijklmnopqr")
	v.add("raw", string(raw))
	key := strings.Repeat("0a1b2c3d4e5f6071", 4)
	v.add("key", key)
	v.addToken("token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ")
	decoded, _ := hex.DecodeString(key)
	for _, text := range []string{
		string(raw), string(raw[:16]), string(raw[len(raw)-16:]), hex.EncodeToString(raw),
		strings.ToUpper(hex.EncodeToString(raw)), fmt.Sprint(raw), fmt.Sprintf("%v", raw[:20]),
		base64.StdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
		base64.StdEncoding.EncodeToString(append([]byte("x"), raw...)),
		base64.StdEncoding.EncodeToString(append([]byte("xy"), raw[:17]...)),
		key, key[:20], string(decoded), base64.StdEncoding.EncodeToString(decoded),
		fmt.Sprintf("%x", key), fmt.Sprintf("%q", key), "e30.e30.c2lnbmF0dXJlLXNpZ25hdHVyZQ",
		"signature-signature",
	} {
		if v.find("a line with "+text+" in it") == nil || v.find(text) == nil {
			t.Errorf("%q was not found", text)
		}
	}
	for _, text := range []string{
		"", "0123", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.", key[3:9], "a line with nothing in it",
	} {
		if names := v.find(text); names != nil {
			t.Errorf("in %q were found %q", text, names)
		}
	}
}
