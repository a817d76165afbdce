package chat

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
)

// told returns a server whose edge was told how much a tail is to keep.
func told(keep int) grid.Caller {
	c := server
	c.Limits = &grid.Limits{grid.TailBytesBound: keep}
	return c
}

// messageBytesSent is about what a message of sendAs takes in the tail.
const messageBytesSent = 1035

// sendAs sends some messages of a kilobyte, which must do, and archives them.
func sendAs(t testing.TB, c *Channels, s *shelf, who grid.Caller, n int) {
	t.Helper()
	for range n {
		r := SendRequest{lobby, strings.Repeat("x", 1000)}
		if _, err := do(c, s, &who, KindSend, 1, &r, DecodeSendReply); err != nil {
			t.Fatal(err)
		}
	}
	archiveAll(t, c, s, 1<<20)
}

// TestTailKeepsWhatItWasTold: less cuts it with the next message, more lets it grow by
// what comes; changes and what is archived leave it as long as it was told last, and the
// history is whole all the time.
func TestTailKeepsWhatItWasTold(t *testing.T) {
	c, s := New(), newShelf()
	total := 0
	for _, step := range []struct{ keep, sent, tail int }{
		{0, 250, TailBytes / messageBytesSent},
		{1 << 30, 10, 256}, // which counts as KeepBytesMax; now the number of messages does
		{100 << 10, 1, 100 << 10 / messageBytesSent},
		{1, 1, KeepBytesMin / messageBytesSent},
		{KeepBytesMax, 100, KeepBytesMin/messageBytesSent + 100},
	} {
		sendAs(t, c, s, told(step.keep), step.sent)
		total += step.sent
		x, _ := c.byKey.Get(lobby)
		for _, r := range []UpdateRequest{{lobby, x.last, "y"}, {lobby, x.last, strings.Repeat("x", 1000)}} {
			if _, err := do(c, s, &server, KindUpdate, 1, &r, DecodeChangeReply); err != nil {
				t.Fatal(err)
			}
		}
		archiveAll(t, c, s, 1<<20)
		x, _ = c.byKey.Get(lobby)
		if n := len(x.tail); n > step.tail || n < step.tail*9/10 {
			t.Errorf("told %d, the tail has %d messages, want about %d", step.keep, n, step.tail)
		}
		for from := 1; from <= total; from += 100 {
			r := HistoryRequest{lobby, uint64(from), 100, false}
			got, err := ask(c, s, KindHistory, &r, DecodeHistoryReply)
			if err != nil || len(got.Messages) != min(100, total-from+1) {
				t.Fatalf("from %d: %d messages, %v", from, len(got.Messages), err)
			}
			for i, m := range got.Messages {
				if m.Seq != uint64(from+i) {
					t.Fatalf("message %d stands at %d", m.Seq, from+i)
				}
			}
		}
	}
}

// TestFullTailTakesMessages: what is archived never stands in the way of what comes.
func TestFullTailTakesMessages(t *testing.T) {
	c, s := New(), newShelf()
	for range 300 {
		who := told(KeepBytesMax)
		r := SendRequest{lobby, strings.Repeat("x", ContentBytesMax)}
		if _, err := do(c, s, &who, KindSend, 1, &r, DecodeSendReply); err != nil {
			t.Fatal(err)
		}
		archiveAll(t, c, s, 1<<20)
	}
}

// TestReplicasAgree: two state machines that get the same commands are equal, whatever
// the nodes that made the commands were told, and wherever one of them was restored.
func TestReplicasAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := [2]grid.Caller{}
		for i := range nodes {
			nodes[i] = told(rapid.SampledFrom([]int{0, KeepBytesMin, 50_000, KeepBytesMax}).Draw(t, "configured"))
		}
		replicas, stamp := [2]*Channels{New(), New()}, int64(0)
		apply := func(kind grid.Kind, body []byte) {
			stamp++
			var out [2][]byte
			var codes [2]fault.Code
			for i, c := range replicas {
				reply, err := c.Apply(&grid.Turn{Stamp: stamp, Members: everyone{}}, kind, body, nil)
				out[i], codes[i] = reply, fault.CodeOf(err)
			}
			if !bytes.Equal(out[0], out[1]) || codes[0] != codes[1] {
				t.Fatalf("replies %x, %v and %x, %v", out[0], codes[0], out[1], codes[1])
			}
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				_, done := replicas[0].Backlog(1 << 20)
				for _, r := range done {
					apply(KindArchived, r.Append([]byte{0x93}))
				}
			case 1:
				replicas[1] = gridtest.Recode(t, Decode, replicas[1])
			default:
				node := &nodes[rapid.IntRange(0, 1).Draw(t, "node")]
				r := SendRequest{rapid.SampledFrom(rooms).Draw(t, "room"), strings.Repeat("x", 1000)}
				_, body, err := prepare(newShelf(), node, KindSend, &r)
				if err != nil {
					t.Fatal(err)
				}
				for range rapid.IntRange(1, 30).Draw(t, "messages") {
					apply(KindSend, body)
				}
			}
			if !bytes.Equal(gridtest.Encode(replicas[0]), gridtest.Encode(replicas[1])) {
				t.Fatal("the replicas differ")
			}
		}
	})
}

// TestKeepFormat pins the bytes of what tells a tail how much to keep, in logs and in
// snapshots. Logs and snapshots that do not say, as none did once, mean TailBytes.
func TestKeepFormat(t *testing.T) {
	const key = "c406026c6f626279"
	const command = key + "a26869" + goldenUser + goldenSession + "c3c3"
	const numbers = "01010001" + "0000000000"
	const message = "96010700" + goldenUser + goldenSession + "a26869"
	for _, x := range []struct {
		keep, most     int
		command, state string
	}{
		{0, 0, "96" + command, "9a" + key + numbers}, // as it was at first
		{TailBytes, 0, "96" + command, "9a" + key + numbers},
		{0, 5, "97" + command + "05", ""},
		{4096, 5, "98" + command + "05cd1000", ""},
		{4096, 0, "98" + command + "00cd1000", "9b" + key + numbers + "cd1000"},
	} {
		who := told(x.keep)
		who.User, who.Session = goldenMessage.Sender, 0xabc
		who.Limits[grid.ChannelsBound] = x.most
		_, body, err := prepare(newShelf(), &who, KindSend, &SendRequest{lobby, "hi"})
		if got := hex.EncodeToString(body); got != x.command || err != nil {
			t.Errorf("keep %d, most %d: %v\ngot  %s\nwant %s", x.keep, x.most, err, got, x.command)
		}
		if x.state == "" {
			continue // the channel would be one too many
		}
		c := New()
		if _, err := c.Apply(&grid.Turn{Stamp: 7, Members: everyone{}}, KindSend, body, nil); err != nil {
			t.Fatal(err)
		}
		want := gridtest.Stream([]byte{0x91, 1}, hexed(x.state), hexed(message))
		if got := gridtest.Encode(c); !bytes.Equal(got, want) {
			t.Errorf("keep %d:\ngot  %x\nwant %x", x.keep, got, want)
		}
		if got := gridtest.Encode(gridtest.Recode(t, Decode, c)); !bytes.Equal(got, want) {
			t.Errorf("keep %d, restored:\ngot  %x\nwant %x", x.keep, got, want)
		}
	}
}
