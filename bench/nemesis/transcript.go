package nemesis

import (
	"fmt"
	"sync"

	"github.com/thronggrid/throng/grid/chat"
)

// transcript is what is known of one room's messages, from those who sent them and from
// all who were given them. No two messages have the same content.
type transcript struct {
	name string

	mu       sync.Mutex
	contents map[uint64]string // by number
	numbers  map[string]uint64 // by content
	acked    map[string]uint64 // by content: the number that its sender was told
	doubted  map[string]bool   // contents of which nobody knows whether they were sent
	last     uint64            // the highest number of which there was word
	found    verdict
}

// textsMax is how many faults of a room are described.
const textsMax = 5

func newTranscript(name string) *transcript {
	return &transcript{
		name: name, contents: map[uint64]string{}, numbers: map[string]uint64{},
		acked: map[string]uint64{}, doubted: map[string]bool{},
	}
}

func (t *transcript) say(format string, args ...any) {
	if len(t.found.texts) < textsMax {
		t.found.say("%s: %s", t.name, fmt.Sprintf(format, args...))
	}
}

// ack notes that a sender was told the number of its message.
func (t *transcript) ack(number uint64, content string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if was, twice := t.acked[content]; twice {
		t.found.doubled++
		t.say("%q was acknowledged under numbers %d and %d", content, was, number)
	}
	t.acked[content] = number
	t.note(number, content, "its sender was told")
}

// doubt notes a message of which its sender does not know whether it was sent.
func (t *transcript) doubt(content string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.doubted[content] = true
}

// note compares a number and a content with what was known of either, under mu.
func (t *transcript) note(number uint64, content, who string) {
	if was, known := t.contents[number]; known && was != content {
		t.found.lost++ // one of the two has lost its place
		t.say("%s that %q is number %d, which %q is", who, content, number, was)
	}
	if was, known := t.numbers[content]; known && was != number {
		t.found.doubled++
		t.say("%s that %q is number %d, and it is number %d, too", who, content, number, was)
	}
	t.contents[number], t.numbers[content] = content, number
	t.last = max(t.last, number)
}

// gone notes messages that a member was told it will never be given.
func (t *transcript) gone(who string, messages uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.found.lost += int(messages)
	t.say("%s was told that %d messages are gone", who, messages)
}

// given notes that a member was given a message, where last was the number of the one
// before: they must come as 1, 2, 3 and so on.
func (t *transcript) given(who string, last, number uint64, content string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case number <= last:
		t.found.doubled++
		t.say("%s was given number %d after %d", who, number, last)
	case number > last+1:
		t.found.lost += int(number - last - 1)
		t.say("%s was given number %d after %d", who, number, last)
	}
	t.note(number, content, who+" was given")
}

// short notes that a member was not given the last messages.
func (t *transcript) short(who string, had, want uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.found.lost += int(want - had)
	t.say("%s was given messages up to number %d, of %d", who, had, want)
}

// end returns the highest number of which there was word.
func (t *transcript) end() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// read notes all messages of a room, in their order, as somebody read them in the end,
// with the number that the server says is the last. at says where it was read.
func (t *transcript) read(at string, all []message, last uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before := uint64(0)
	if n := uint64(chat.TailMessages); last > n {
		before = last - n // without an archive a room forgets what its tail has no room for
	}
	forgotten := before
	if len(all) > 0 && all[0].number <= before {
		before = all[0].number - 1
	}
	there := map[string]bool{}
	for _, m := range all {
		if m.number != before+1 {
			t.found.lost++
			t.say("%s: number %d comes after %d", at, m.number, before)
		}
		if there[m.content] {
			t.found.doubled++
			t.say("%s: %q is there twice", at, m.content)
		}
		before, there[m.content] = m.number, true
		if _, acked := t.acked[m.content]; !acked && !t.doubted[m.content] {
			t.found.doubled++
			t.say("%s: %q is there, which nobody sent", at, m.content)
		}
		t.note(m.number, m.content, at+" it is read")
	}
	if last != before {
		t.found.lost++
		t.say("%s: the last number read is %d, and the room says %d", at, before, last)
	}
	for content, number := range t.acked {
		if !there[content] && number > forgotten {
			t.found.lost++
			t.say("%s: %q was acknowledged and is not there", at, content)
		}
	}
}

// message is one message of a room.
type message struct {
	number  uint64
	content string
}

// take returns what was found since the last call.
func (t *transcript) take() verdict {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.found
	t.found = verdict{}
	return v
}
