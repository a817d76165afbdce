package chat

import (
	"bytes"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
)

// TestFormat pins the bytes: what is on disks must stay readable.
func TestFormat(t *testing.T) {
	c := New()
	me := grid.Caller{User: goldenMessage.Sender, Server: true, Address: grid.Address{Session: 0xabc}}
	if _, err := do(c, newShelf(), &me, KindSend, 7, &SendRequest{lobby, "hi"}, DecodeSendReply); err != nil {
		t.Fatal(err)
	}
	if _, err := do(c, nil, &me, KindSend, 8, &SendRequest{lobby, "ho"}, DecodeSendReply); err != nil {
		t.Fatal(err)
	}
	if _, err := do(c, nil, &me, KindRemove, 9, &RemoveRequest{lobby, 2}, DecodeChangeReply); err != nil {
		t.Fatal(err)
	}
	who := goldenUser + goldenSession
	want := "00000058" + "9101" + "9ac406026c6f626279" + "020201" + "0100" + "0000" + "0000" +
		"96010700" + who + "a26869" + "96020801" + who + "c0"
	if got := hex.EncodeToString(gridtest.Encode(c)); got != want {
		t.Fatalf("\ngot  %s\nwant %s", got, want)
	}
}

// stored is a state of one channel: its numbers, and messages.
func stored(key string, numbers [9]uint64, messages ...Message) []byte {
	channel := pack.AppendBytes([]byte{0x9a}, []byte(key))
	for _, n := range numbers {
		channel = pack.AppendUint(channel, n)
	}
	values := [][]byte{{0x91, 1}, channel}
	for _, m := range messages {
		values = append(values, m.append(nil))
	}
	return gridtest.Stream(values...)
}

func TestDecodeRefuses(t *testing.T) {
	// The numbers are last, tail, changes, wanted, done, changes wanted, done, oldest, amendments.
	m := func(seq, revision uint64) Message {
		return Message{Seq: seq, Time: 1, Revision: revision, Content: "x"}
	}
	amends := func(seq, revision uint64) Message { return Message{Seq: seq, Revision: revision, Content: "x"} }
	status := string(grid.StatusKey(nil, person(1)))
	long, empty := m(1, 0), m(1, 0)
	long.Content, empty.Content = strings.Repeat("x", ContentBytesMax+1), ""
	var many []Message
	for i := range 260 {
		x := m(uint64(i+1), 0)
		x.Content = strings.Repeat("x", ContentBytesMax)
		many = append(many, x)
	}
	more := append([]Message{}, many[:17]...)
	for i := range more {
		more[i].Time, more[i].Revision = 0, uint64(i+1)
	}
	more = append(more, m(18, 0))
	for name, x := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":               {nil, "unexpected EOF"},
		"half a chunk":          {stored(lobby, [9]uint64{1, 1}, m(1, 0))[:5], "unexpected EOF"},
		"too many channels":     {gridtest.Stream([]byte{0x91, 0xce, 0, 1, 0, 1}), "at most"},
		"missing channel":       {gridtest.Stream([]byte{0x91, 1}), "unexpected EOF"},
		"short head":            {gridtest.Stream([]byte{0x90}), "at least 1"},
		"no array":              {gridtest.Stream([]byte{7}), "want an array"},
		"short channel":         {gridtest.Stream([]byte{0x91, 1}, []byte{0x91, 0xc4, 0}), "at least 10"},
		"another stream":        {stored(status, [9]uint64{1, 1}, m(1, 0)), "no chat on streams"},
		"no key":                {stored("", [9]uint64{1, 1}, m(1, 0)), "without a kind"},
		"no tail":               {stored(lobby, [9]uint64{1, 0}), "tail of 0"},
		"more tail than last":   {stored(lobby, [9]uint64{1, 2}, m(1, 0)), "tail of 2"},
		"last too high":         {stored(lobby, [9]uint64{1 << 63, 1}), "tail of 1"},
		"missing message":       {stored(lobby, [9]uint64{2, 2}, m(1, 0)), "unexpected EOF"},
		"another message":       {stored(lobby, [9]uint64{2, 2}, m(1, 0), m(3, 0)), "want 2"},
		"amendment in the tail": {stored(lobby, [9]uint64{1, 1}, amends(1, 0)), "of time 0"},
		"revision too high":     {stored(lobby, [9]uint64{1, 1}, m(1, 1)), "revision 1 of 0"},
		"long content":          {stored(lobby, [9]uint64{1, 1}, long), "content of 4097"},
		"no content":            {stored(lobby, [9]uint64{1, 1}, empty), "content of 0"},
		"tail too long":         {stored(lobby, [9]uint64{260, 260}, many...), "more than 1048576 bytes"},
		"wanted too high":       {stored(lobby, [9]uint64{1, 1, 0, 2}, m(1, 0)), "0 of 2 messages"},
		"done too high":         {stored(lobby, [9]uint64{1, 1, 0, 1, 2}, m(1, 0)), "2 of 1 messages"},
		"wanted is gone":        {stored(lobby, [9]uint64{3, 1, 0, 2, 1}, m(3, 0)), "1 of 2 messages"},
		"changes too high":      {stored(lobby, [9]uint64{1, 1, 1, 0, 0, 2}, m(1, 0)), "0 of 2 changes"},
		"oldest too high":       {stored(lobby, [9]uint64{3, 3, 0, 3, 1, 0, 0, 2}, m(1, 0)), "begins with message 2"},
		"missing amendment":     {stored(lobby, [9]uint64{3, 1, 1, 3, 3, 1, 0, 1, 1}), "unexpected EOF"},
		"amendment of a whole":  {stored(lobby, [9]uint64{3, 1, 1, 3, 3, 1, 0, 1, 1}, m(1, 1)), "cannot be amended"},
		"amendment too new":     {stored(lobby, [9]uint64{3, 1, 1, 3, 2, 1, 0, 1, 1}, amends(3, 1)), "be amended"},
		"amendment too old":     {stored(lobby, [9]uint64{3, 1, 1, 3, 3, 1, 0, 2, 1}, amends(1, 1)), "be amended"},
		"amendment not wanted":  {stored(lobby, [9]uint64{3, 1, 2, 3, 3, 1, 0, 1, 1}, amends(1, 2)), "does not follow"},
		"amendments not sorted": {stored(lobby, [9]uint64{3, 1, 2, 3, 3, 2, 0, 1, 2},
			amends(1, 2), amends(2, 1)), "does not follow"},
		"amended twice": {stored(lobby, [9]uint64{3, 1, 2, 3, 3, 2, 0, 1, 2},
			amends(1, 1), amends(1, 2)), "cannot be amended"},
		"too much amended": {stored(lobby, [9]uint64{18, 1, 17, 18, 18, 17, 0, 1, 17}, more...), "more than 65536"},
	} {
		_, err := gridtest.Restore(Decode, x.data)
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: %v, want %q", name, err, x.want)
		}
	}
	for _, keep := range []uint64{0, KeepBytesMin - 1, KeepBytesMax + 1, math.MaxUint64} {
		one := m(1, 0)
		data := stored(lobby, [9]uint64{1, 1}, one)
		channel := pack.AppendUint(append([]byte{0x9b}, data[4+3:len(data)-len(one.encode())]...), keep)
		data = gridtest.Stream([]byte{0x91, 1}, channel, one.encode())
		if _, err := gridtest.Restore(Decode, data); err == nil || !strings.Contains(err.Error(), "a tail of") {
			t.Errorf("what keeps %d bytes: %v", keep, err)
		}
	}
	one := stored(lobby, [9]uint64{1, 1}, m(1, 0))[4+2:]
	two := gridtest.Stream([]byte{0x91, 2}, one, one)
	if _, err := gridtest.Restore(Decode, two); err == nil || !strings.Contains(err.Error(), "does not follow") {
		t.Errorf("one room twice: %v", err)
	}
}

func TestDecodePassesOverLaterFields(t *testing.T) {
	message := Message{Seq: 1, Time: 1, Content: "x"}
	data := stored(lobby, [9]uint64{1, 1}, message)
	channel := append([]byte{0x9c}, data[4+3:len(data)-len(message.encode())]...)
	channel = pack.AppendUint(channel, TailBytes)
	c, err := gridtest.Restore(Decode, gridtest.Stream([]byte{0x92, 1, 0xc3}, append(channel, 0xc3), message.encode()))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(gridtest.Encode(c), data) {
		t.Fatal("another state")
	}
}

func TestSnapshotOfManyChunks(t *testing.T) {
	c, s, _ := sample(t)
	for range 200 {
		send(t, c, s, lobby, strings.Repeat("x", ContentBytesMax))
	}
	data := gridtest.Encode(c)
	if len(data) < 20*pack.ChunkBytesGood {
		t.Fatalf("only %d bytes", len(data))
	}
	if !bytes.Equal(gridtest.Encode(gridtest.Recode(t, Decode, c)), data) {
		t.Fatal("decoding and encoding again gives other bytes")
	}
}
