package credential

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// decoderMembers is members with a json.Decoder, as the oracle.
func decoderMembers(b []byte) (names, values []string) {
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		panic(err)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			panic(err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			panic(err)
		}
		names = append(names, name.(string))
		values = append(values, string(value))
	}
	return names, values
}

func checkMembers(t *testing.T, b []byte) {
	t.Helper()
	var names, values []string
	err := members(b, func(name string, value []byte) error {
		names = append(names, name)
		values = append(values, string(value))
		return nil
	})
	var object map[string]json.RawMessage
	if json.Unmarshal(b, &object) != nil || object == nil {
		return // no valid object: members has only not to panic
	}
	wantNames, wantValues := decoderMembers(b)
	if err != nil {
		if strings.Contains(err.Error(), "JSON") {
			t.Fatalf("%q: %v", b, err)
		}
		return
	}
	if len(object) != len(wantNames) {
		t.Fatalf("%q has a name twice, which was not noticed", b)
	}
	if fmt.Sprintf("%q%q", names, values) != fmt.Sprintf("%q%q", wantNames, wantValues) {
		t.Fatalf("%q was read as %q %q, want %q %q", b, names, values, wantNames, wantValues)
	}
}

var someObjects = []string{
	``, `{`, `{}`, ` { } `, `{"a":1}`, "\t{ \"a\" :\r\n null , \"b\":true}", `{"a":{"b":[1,"}",{}]},"c":[]}`,
	`{"\u0061":"\"","a\\":"\\"}`, `{"a":-1.5e3,"b":"x:,{}[]"}`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":"`,
	`{"a":"\`,
	`{"a":1,}`, `{,}`, `{1:2}`, `{"":""}`, `{"a":1 2}`, `[1]`, `"a"`, `1`, "{\"\xff\":1}",
}

func TestMembers(t *testing.T) {
	for _, s := range someObjects {
		checkMembers(t, []byte(s))
	}
}

// TestMembersMax: so many, and not one more.
func TestMembersMax(t *testing.T) {
	var s []string
	for n := range MembersMax + 1 {
		s = append(s, fmt.Sprintf(`"m%d":%d`, n, n))
	}
	none := func(string, []byte) error { return nil }
	if err := members([]byte("{"+strings.Join(s[:MembersMax], ",")+"}"), none); err != nil {
		t.Error(err)
	}
	if err := members([]byte("{"+strings.Join(s, ",")+"}"), none); err == nil {
		t.Error("one more was taken")
	}
}

func FuzzMembers(f *testing.F) {
	for _, s := range someObjects {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) { checkMembers(t, b) })
}
