package grid

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// TestFieldsGolden holds the bytes of fields that many messages share.
func TestFieldsGolden(t *testing.T) {
	user := ID{0: 1, 15: 2}
	for name, c := range map[string]struct {
		got  []byte
		want string
	}{
		"session": {AppendSession(nil, SessionIDOf(0x123456789, 7)), "c4080000123456789007"},
		"room":    {AppendStream(nil, AppendKey(nil, StreamRoom, "größe")), "9202a76772c3b6c39f65"},
		"custom":  {AppendStream(nil, string(AppendKey(nil, StreamCustom, "x"))), "9210a178"},
		"status":  {AppendStream(nil, StatusKey(nil, user)), "9201c41001000000000000000000000000000002"},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestCheckKey(t *testing.T) {
	name := strings.Repeat("n", StreamNameBytesMax)
	for key, good := range map[string]bool{
		"":                                  false,
		"\x00name":                          false,
		"\x01":                              false,
		"\x01" + name[:16]:                  true,
		"\x01" + strings.Repeat("\xff", 16): true,
		"\x01" + name[:17]:                  false,
		"\x02":                              false,
		"\x02" + name:                       true,
		"\x02" + name + "n":                 false,
		"\x02a\xff":                         false,
		"\x02a\n":                           false,
		"\x03name":                          false,
		"\x10name":                          true,
		"\xffname":                          false,
	} {
		if err := CheckKey([]byte(key)); (err == nil) != good {
			t.Errorf("%q: %v", key, err)
		}
	}
}

// FuzzFields reads fields from anything: what is accepted is written again as it
// was in shortest form, and a stream's key passes CheckKey.
func FuzzFields(f *testing.F) {
	user := ID{15: 1}
	f.Add(AppendSession(nil, 5))
	f.Add(AppendSession(nil, 0))
	f.Add(pack.AppendBytes(nil, user[:]))
	f.Add(AppendStream(nil, AppendKey(nil, StreamRoom, "größe")))
	f.Add(AppendStream(nil, StatusKey(nil, user)))
	f.Add([]byte{0x93, 0x10, 0xa1, 'x', 0xc0})
	f.Fuzz(func(t *testing.T, data []byte) {
		in := pack.NewCursor(data)
		s, err := ReadSession(&in)
		if err == nil && !bytes.Equal(AppendSession(nil, s)[2:], data[in.Offset()-8:in.Offset()]) {
			t.Errorf("%x is session %d", data, s)
		}
		if fault.CodeOf(err) == fault.Internal {
			t.Error(err)
		}
		in = pack.NewCursor(data)
		id, err := ReadUser(&in)
		if err == nil && !bytes.Equal(id[:], data[in.Offset()-16:in.Offset()]) {
			t.Errorf("%x is user %v", data, id)
		}
		if fault.CodeOf(err) == fault.Internal {
			t.Error(err)
		}
		in = pack.NewCursor(data)
		key, err := ReadStream(&in, nil)
		if err != nil {
			if fault.CodeOf(err) == fault.Internal || len(key) > 0 && in.Err() == nil {
				t.Errorf("%v, and the key %q", err, key)
			}
			return
		}
		if err := CheckKey(key); err != nil {
			t.Errorf("%x has the key %q: %v", data, key, err)
		}
		again := pack.NewCursor(AppendStream(nil, key))
		if key2, err := ReadStream(&again, nil); err != nil || !bytes.Equal(key, key2) {
			t.Errorf("the key %q became %q, %v", key, key2, err)
		}
	})
}
