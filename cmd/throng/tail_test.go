package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/thronggrid/throng/netio/client"
)

// TestTailBytes: a node keeps of a room what chat_tail_bytes says, whatever SIGHUP makes
// of that, and after a start as before; and the history is whole and in order all the time.
func TestTailBytes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, data := filepath.Join(dir, "throng.yaml"), filepath.Join(dir, "data")
	configure := func(keep string) {
		if err := os.WriteFile(file, []byte("chat_tail_bytes: "+keep), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	reload := func(process *os.Process, keep string) {
		configure(keep)
		if err := process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	const few, many = (4 << 10) / talkBytes, 100
	configure("4KiB")
	sent := 0
	t.Run("few, then many", func(t *testing.T) {
		k, process := enterTalk(t, &sent, data, "--config", file)
		for range 20 {
			k.say()
		}
		k.until(0, func(held int) bool { return held <= few })
		reload(process, "512KiB")
		k.until(25, func(held int) bool { return held >= many })
	})
	t.Run("many, then few", func(t *testing.T) {
		k, process := enterTalk(t, &sent, data, "--config", file)
		k.until(0, func(held int) bool { return held >= many })
		reload(process, "4KiB")
		k.until(1, func(held int) bool { return held <= few })
	})
}

// talkBytes is how long the messages of a talk are.
const talkBytes = 1000

// talk is a room of a server, in which all messages are of talkBytes.
type talk struct {
	*testing.T
	http string
	room *client.Room
	sent *int
}

// enterTalk starts a server and enters the room.
func enterTalk(t *testing.T, sent *int, data string, flags ...string) (*talk, *os.Process) {
	t.Helper()
	both, process := startProcess(t, data, append(flags, "--http-addr", "127.0.0.1:0")...)
	addr, http, _ := strings.Cut(both, " http=")
	c, err := client.Dial(t.Context(), addr, client.Options{Credential: client.Custom("talker")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	room, err := c.Join(t.Context(), "hall", client.JoinOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return &talk{t, http, room, sent}, process
}

func (k *talk) say() {
	k.Helper()
	if _, err := k.room.Send(k.Context(), strings.Repeat("x", talkBytes)); err != nil {
		k.Fatal(err)
	}
	*k.sent++
}

// until says so many messages at a time until there are enough in memory, and reads all.
func (k *talk) until(say int, enough func(held int) bool) {
	k.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		held := int(scrape(k.T, k.http).values[`throng_state_things{kind="messages"}`])
		if enough(held) {
			break
		}
		if time.Now().After(end) {
			k.Fatalf("of %d messages %d are in memory", *k.sent, held)
		}
		for range say {
			k.say()
		}
	}
	for from := 1; from <= *k.sent; {
		page, err := k.room.History(k.Context(), uint64(from), 100, false)
		if err != nil || len(page.Messages) == 0 || page.First != 1 || page.Last != uint64(*k.sent) {
			k.Fatalf("from %d of %d: %d messages of %d to %d, %v",
				from, *k.sent, len(page.Messages), page.First, page.Last, err)
		}
		for _, m := range page.Messages {
			if m.Seq != uint64(from) || len(m.Content) != talkBytes {
				k.Fatalf("message %d of %d bytes stands at %d", m.Seq, len(m.Content), from)
			}
			from++
		}
	}
}
