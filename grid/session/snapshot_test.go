package session

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
)

// TestFormat pins the bytes: what is on disks must stay readable.
func TestFormat(t *testing.T) {
	w := newWorld()
	w.stamp = 4
	user := grid.ID{15: 1}
	w.open(t, OpenRequest{User: user, Origin: 3, Conn: 4, Secret: Secret{15: 2},
		Spend: grid.ID{15: 9}, SpendUntil: 300})
	id := w.open(t, OpenRequest{User: user, Origin: 3, Conn: 5, Secret: Secret{15: 2},
		Spend: grid.ID{15: 8}, SpendUntil: 400})
	w.track(t, caller(user, id, 3, 5), room("a"), "x")
	w.track(t, caller(user, id, 3, 5), room("bc"), "x")
	if _, err := w.do(KindResume, bodyOf(&ResumeRequest{User: user, Session: id, Origin: 4, Conn: 6,
		Secret: Secret{15: 2}, Next: Secret{15: 7}})); err != nil {
		t.Fatal(err)
	}
	if _, err := w.do(KindDetach, bodyOf(&DetachRequest{user, 4, 6, 100})); err != nil {
		t.Fatal(err)
	}
	const zeros = "c410000000000000000000000000000000"
	want := "000000e0" + "920202" +
		"98" + zeros + "01" + "c4080000000000005007" + zeros + "02" + "c0" + "0304" + "00" + "c400" +
		"98" + zeros + "01" + "c4080000000000006007" + zeros + "07" + zeros + "02" +
		"0406" + "6e" + "c407" + "020261" + "03026263" +
		"94" + zeros + "01" + "cd012c" + zeros + "09" + "c4080000000000005007" +
		"94" + zeros + "01" + "cd0190" + zeros + "08" + "c0"
	if got := hex.EncodeToString(gridtest.Encode(w.Sessions)); got != want {
		t.Fatalf("\ngot  %s\nwant %s", got, want)
	}
}

// stored makes a state with that many sessions and tokens, for them to follow.
func stored(sessions, tokens uint64, values ...[]byte) []byte {
	head := pack.AppendUint(pack.AppendUint([]byte{0x92}, sessions), tokens)
	return gridtest.Stream(append([][]byte{head}, values...)...)
}

func sessionRow(user int, id grid.SessionID, ends int64, streams string) []byte {
	b := entry{person(user), id, &row{ends: 9}}.append(nil)
	b = b[:len(b)-3] // without ends and streams
	return pack.AppendBytes(pack.AppendInt(b, ends), []byte(streams))
}

func tokenRow(user int, until int64, id int) []byte {
	t := token{person(user), until, person(id), 1}
	return t.append(nil)
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		key := room(fmt.Sprint(i))
		b.WriteString(string(rune(len(key))) + key)
	}
	return b.String()
}

func TestDecodeRefuses(t *testing.T) {
	a := "\x02" + room("a")
	nobody := sessionRow(1, 1, 0, "")
	copy(nobody[3:], make([]byte, 16))
	var crowd [][]byte
	for i := range SpentPerUserMax + 1 {
		crowd = append(crowd, tokenRow(1, int64(i), i))
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":             {nil, "unexpected EOF"},
		"half a chunk":        {stored(1, 0, sessionRow(1, 1, 0, a))[:20], "unexpected EOF"},
		"too many sessions":   {stored(SessionsPerSlotMax+1, 0), "at most"},
		"too many tokens":     {stored(0, SpentPerSlotMax+1), "at most"},
		"short head":          {gridtest.Stream([]byte{0x91, 0}), "at least 2"},
		"no array":            {gridtest.Stream([]byte{7}), "want an array"},
		"missing session":     {stored(1, 0), "unexpected EOF"},
		"missing token":       {stored(1, 1, sessionRow(1, 1, 0, a)), "unexpected EOF"},
		"not in order":        {stored(2, 0, sessionRow(1, 2, 0, a), sessionRow(1, 1, 0, a)), "does not follow"},
		"twice":               {stored(2, 0, sessionRow(1, 2, 0, a), sessionRow(1, 2, 0, a)), "does not follow"},
		"nobody's":            {stored(1, 0, nobody), "no user"},
		"id of zeros":         {stored(1, 0, sessionRow(1, 0, 0, a)), "zeros"},
		"grace before time":   {stored(1, 0, sessionRow(1, 1, -1, a)), "ends at -1"},
		"stream cut off":      {stored(1, 0, sessionRow(1, 1, 0, a[:2])), "cut off"},
		"stream of no bytes":  {stored(1, 0, sessionRow(1, 1, 0, "\x00")), "without a kind"},
		"stream of no kind":   {stored(1, 0, sessionRow(1, 1, 0, "\x02\x03a")), "kind of stream"},
		"stream twice":        {stored(1, 0, sessionRow(1, 1, 0, a+a)), "twice"},
		"too many streams":    {stored(1, 0, sessionRow(1, 1, 0, many(129))), "more than 128"},
		"tokens not in order": {stored(0, 2, tokenRow(1, 5, 1), tokenRow(1, 4, 2)), "does not follow"},
		"token of no session": {stored(0, 1, append(tokenRow(1, 5, 1)[:40], make([]byte, 8)...)), "zeros"},
		"token twice":         {stored(0, 2, tokenRow(1, 5, 1), tokenRow(1, 5, 1)), "does not follow"},
		"tokens of one user":  {stored(0, SpentPerUserMax+1, crowd...), "more than 256"},
	} {
		_, err := gridtest.Restore(Decode, c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestDecodePassesOverLaterFields(t *testing.T) {
	x, y := sessionRow(1, 1, 0, many(128)), tokenRow(1, 5, 1)
	data := stored(1, 1, x, y)
	for _, row := range []*[]byte{&x, &y} {
		*row = append(bytes.Clone(*row), 0x81, 0xa1, 'k', 0x93, 1, 2, 3)
		(*row)[0]++ // one element more
	}
	s, err := gridtest.Restore(Decode, stored(1, 1, x, y))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(gridtest.Encode(s), data) {
		t.Fatal("another state")
	}
}

// crowded returns a state that takes several chunks.
func crowded(t testing.TB) *world {
	w := newWorld()
	for i := range 3000 {
		user, conn := person(i%500), uint64(i)
		w.open(t, OpenRequest{User: user, Origin: gateway, Conn: conn, Spend: person(i), SpendUntil: 1 << 60})
		if i%3 == 0 {
			_, err := w.do(KindDetach, bodyOf(&DetachRequest{user, gateway, conn, second}))
			want(t, "detach", err, fault.OK)
		}
	}
	return w
}

func TestSnapshotOfManyChunks(t *testing.T) {
	s := crowded(t).Sessions
	data := gridtest.Encode(s)
	if len(data) < 4*pack.ChunkBytesGood {
		t.Fatalf("only %d bytes", len(data))
	}
	again := gridtest.Recode(t, Decode, s)
	if checkIndexes(t, again); !bytes.Equal(gridtest.Encode(again), data) {
		t.Fatal("decoding and encoding again gives other bytes")
	}
}

// TestACloneIsEncodedBesideItsOriginal lets the race detector look.
func TestACloneIsEncodedBesideItsOriginal(t *testing.T) {
	w := crowded(t)
	before, clone, done := gridtest.Encode(w.Sessions), w.Clone(), make(chan []byte)
	go func() { done <- gridtest.Encode(clone) }()
	for i := range 3000 {
		w.open(t, OpenRequest{User: person(i % 500), Origin: gateway2, Conn: uint64(i),
			Spend: person(i - 9000), SpendUntil: 1 << 60})
	}
	w.floors = w.floors.With(origin(1, 2))
	w.Sweep(w.turn(), 0)
	w.tick(t, w.stamp+second)
	if !bytes.Equal(<-done, before) {
		t.Error("the clone has changed")
	}
}
