package crash

import (
	"fmt"
	"slices"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
)

// talk returns a room with four acknowledged messages, of two talkers by turns, who
// know them; the second was corrected and the third removed.
func talk() (all []chat.Message, talkers []*talker) {
	for i := range 2 {
		t := newTalker(i, 1)
		t.user = grid.UserID("bench", fmt.Sprint("talker-", i))
		talkers = append(talkers, t)
	}
	for i, content := range []string{"one", "two, corrected", "", "four"} {
		seq, t := uint64(i+1), talkers[i%2]
		all = append(all, chat.Message{Seq: seq, Sender: t.user, Content: content, Removed: content == ""})
		t.said[0].messages[seq] = []string{content}
	}
	return all, talkers
}

// found is what is wrong with a room of which the server says what is its last number.
func found(all []chat.Message, last uint64, talkers []*talker) (f faults) {
	compareRoom(0, numbered(0, all, last, &f), talkers, &f)
	return f
}

func TestRightRoomsPass(t *testing.T) {
	all, talkers := talk()
	if f := found(all, 4, talkers); f.any() {
		t.Errorf("%+v", f)
	}
	// Of what nobody knows whether it was done, either is right.
	talkers[0].said[0].doubtful["five"] = true
	talkers[1].said[0].messages[2] = []string{"two, corrected", "two, again"}
	if f := found(all, 4, talkers); f.any() {
		t.Errorf("not done: %+v", f)
	}
	talkers[1].said[0].messages[2] = []string{"two, corrected", "two, again"}
	all[1].Content = "two, again"
	all = append(all, chat.Message{Seq: 5, Sender: talkers[0].user, Content: "five"})
	if f := found(all, 5, talkers); f.any() {
		t.Errorf("done: %+v", f)
	}
}

// Each way in which a room could be wrong is seen, and called by its name.
func TestWrongRoomsFail(t *testing.T) {
	type messages = []chat.Message
	for _, c := range []struct {
		name  string
		spoil func(messages) messages
		last  uint64
		want  faults
	}{
		{"the last lost", func(m messages) messages { return m[:3] }, 3, faults{lost: 1}},
		{"the last not given out", func(m messages) messages { return m[:3] }, 4, faults{lost: 2}},
		{"a number skipped", func(m messages) messages { return slices.Delete(m, 2, 3) }, 4, faults{lost: 3}},
		{"a correction lost", func(m messages) messages { m[1].Content = "two"; return m }, 4, faults{lost: 1}},
		{"a removal lost", func(m messages) messages { m[2].Content = "three"; return m }, 4, faults{lost: 1}},
		{"sent twice", func(m messages) messages { return append(m, m[3]) }, 5, faults{doubled: 1, other: 1}},
		{"of a stranger", func(m messages) messages { m[3].Sender[0]++; return m }, 4, faults{other: 1}},
		{"never sent", func(m messages) messages { return append(m, m[0]) }, 5, faults{doubled: 1, other: 1}},
	} {
		all, talkers := talk()
		all = c.spoil(all)
		if n := len(all); c.last == uint64(n) {
			all[n-1].Seq = c.last
		}
		f := found(all, c.last, talkers)
		if f.lost != c.want.lost || f.doubled != c.want.doubled || f.halved != 0 || f.other != c.want.other {
			t.Errorf("%s: found %+v, want %+v", c.name, f, c.want)
		}
	}
}

func TestWhatATalkerHears(t *testing.T) {
	for _, c := range []struct {
		name    string
		numbers []uint64
		want    faults
	}{
		{"in order", []uint64{1, 2, 3}, faults{}},
		{"one missing", []uint64{1, 3}, faults{lost: 1}},
		{"one twice", []uint64{1, 2, 2, 3}, faults{doubled: 1}},
		{"two exchanged", []uint64{2, 1}, faults{lost: 1, doubled: 1}},
	} {
		var e ear
		for _, n := range c.numbers {
			e.heard(n)
		}
		if f := e.take(); f.lost != c.want.lost || f.doubled != c.want.doubled || f.other != 0 {
			t.Errorf("%s: found %+v, want %+v", c.name, f, c.want)
		}
		if again := e.take(); again.any() {
			t.Errorf("%s: found again: %+v", c.name, again)
		}
	}
}
