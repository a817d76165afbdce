package session

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
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
	want := "000000e0" + "93010202" +
		"98" + zeros + "01" + "c4080000000000005007" + zeros + "02" + "c0" + "0304" + "00" + "c400" +
		"98" + zeros + "01" + "c4080000000000006007" + zeros + "07" + zeros + "02" +
		"0406" + "6e" + "c407" + "020261" + "03026263" +
		"94" + zeros + "01" + "cd012c" + zeros + "09" + "c4080000000000005007" +
		"93" + zeros + "01" + "cd0190" + zeros + "08"
	if got := hex.EncodeToString(encode(w.Sessions)); got != want {
		t.Fatalf("\ngot  %s\nwant %s", got, want)
	}
}

// chunk makes a chunk with that many sessions and tokens, for them to follow.
func chunk(sessions, tokens byte, values ...[]byte) []byte {
	var out bytes.Buffer
	w := pack.NewChunkWriter(&out)
	buf := append(w.Begin(), 0x93, 1, sessions, tokens)
	for _, v := range values {
		buf = append(buf, v...)
	}
	if err := w.End(buf); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func sessionRow(user int, id grid.SessionID, ends int64, streams string) []byte {
	e := encoder{}
	e.session(entry{person(user), id, &row{ends: 9}})
	b := e.buf[:len(e.buf)-3] // without ends and streams
	return pack.AppendBytes(pack.AppendInt(b, ends), []byte(streams))
}

func tokenRow(user int, until int64, id int) []byte {
	u, x := person(user), person(id)
	b := pack.AppendBytes(pack.AppendArray(nil, 3), u[:])
	return pack.AppendBytes(pack.AppendInt(b, until), x[:])
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
	tooMany := chunk(0, 0, crowd...)
	tooMany = append(tooMany[:6], append([]byte{0, 0xcd, 1, 1}, tooMany[8:]...)...)
	tooMany[2], tooMany[3] = byte((len(tooMany)-4)>>8), byte(len(tooMany)-4)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":             {nil, "unexpected EOF"},
		"half a chunk":        {chunk(1, 0, sessionRow(1, 1, 0, a))[:20], "unexpected EOF"},
		"empty chunk":         {make([]byte, 4), "empty chunk"},
		"later format":        {[]byte{0, 0, 0, 4, 0x93, 2, 0, 0}, "format 2"},
		"too many sessions":   {[]byte{0, 0, 0, 8, 0x93, 1, 0xce, 0, 4, 0, 1, 0}, "at most"},
		"too many tokens":     {[]byte{0, 0, 0, 8, 0x93, 1, 0, 0xce, 0, 4, 0, 1}, "at most"},
		"short head":          {[]byte{0, 0, 0, 3, 0x92, 1, 0}, "want at least 3"},
		"no array":            {[]byte{0, 0, 0, 1, 7}, "want an array"},
		"missing session":     {chunk(1, 0), "unexpected EOF"},
		"missing token":       {chunk(1, 1, sessionRow(1, 1, 0, a)), "unexpected EOF"},
		"bytes behind":        {chunk(1, 0, sessionRow(1, 1, 0, a), []byte{1}), "behind the last"},
		"not in order":        {chunk(2, 0, sessionRow(1, 2, 0, a), sessionRow(1, 1, 0, a)), "does not follow"},
		"twice":               {chunk(2, 0, sessionRow(1, 2, 0, a), sessionRow(1, 2, 0, a)), "does not follow"},
		"nobody's":            {chunk(1, 0, nobody), "no user"},
		"id of zeros":         {chunk(1, 0, sessionRow(1, 0, 0, a)), "zeros"},
		"grace before time":   {chunk(1, 0, sessionRow(1, 1, -1, a)), "ends at -1"},
		"stream cut off":      {chunk(1, 0, sessionRow(1, 1, 0, a[:2])), "cut off"},
		"stream of no bytes":  {chunk(1, 0, sessionRow(1, 1, 0, "\x00")), "without a kind"},
		"stream of no kind":   {chunk(1, 0, sessionRow(1, 1, 0, "\x02\x03a")), "kind of stream"},
		"stream twice":        {chunk(1, 0, sessionRow(1, 1, 0, a+a)), "twice"},
		"too many streams":    {chunk(1, 0, sessionRow(1, 1, 0, many(129))), "more than 128"},
		"tokens not in order": {chunk(0, 2, tokenRow(1, 5, 1), tokenRow(1, 4, 2)), "does not follow"},
		"token of no session": {chunk(0, 1, append([]byte{0x94}, append(tokenRow(1, 5, 1)[1:],
			"\xc4\x08\x00\x00\x00\x00\x00\x00\x00\x00"...)...)), "zeros"},
		"token twice":        {chunk(0, 2, tokenRow(1, 5, 1), tokenRow(1, 5, 1)), "does not follow"},
		"tokens of one user": {tooMany, "more than 256"},
	} {
		_, err := Decode(pack.NewChunkReader(bytes.NewReader(c.data)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestDecodePassesOverLaterFields(t *testing.T) {
	x, y := sessionRow(1, 1, 0, many(128)), tokenRow(1, 5, 1)
	y = grid.AppendSession(y, 1)
	y[0]++
	data := chunk(1, 1, x, y)
	for _, row := range []*[]byte{&x, &y} {
		*row = append(bytes.Clone(*row), 0x81, 0xa1, 'k', 0x93, 1, 2, 3)
		(*row)[0]++ // one element more
	}
	s, err := Decode(pack.NewChunkReader(bytes.NewReader(chunk(1, 1, x, y))))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(encode(s), data) {
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

// TestSnapshotOfManyChunks also holds that no chunk is much longer than it should be.
func TestSnapshotOfManyChunks(t *testing.T) {
	s := crowded(t).Sessions
	data := encode(s)
	r := pack.NewChunkReader(bytes.NewReader(data))
	chunks := 0
	for {
		c, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(c.Rest()) > pack.ChunkBytesGood+200 {
			t.Fatalf("a chunk of %d bytes, %v", len(c.Rest()), err)
		}
		chunks++
	}
	if chunks < 8 {
		t.Fatalf("%d chunks for %d bytes", chunks, len(data))
	}
	again := recode(t, s)
	if checkIndexes(t, again); !bytes.Equal(encode(again), data) {
		t.Fatal("decoding and encoding again gives other bytes")
	}
}

// TestACloneIsEncodedBesideItsOriginal lets the race detector look.
func TestACloneIsEncodedBesideItsOriginal(t *testing.T) {
	w := crowded(t)
	before, clone, done := encode(w.Sessions), w.Clone(), make(chan []byte)
	go func() { done <- encode(clone) }()
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

type brokenWriter struct{ left int }

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.left--; w.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestEncodeReportsWriteErrors(t *testing.T) {
	s := crowded(t).Sessions
	for left := range 9 {
		if err := s.Encode(pack.NewChunkWriter(&brokenWriter{left})); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("after %d chunks: %v", left, err)
		}
	}
}
