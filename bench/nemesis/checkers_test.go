package nemesis

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/leaderboard"
)

// written is a history in which one client writes, one after the other.
func written(o leaderboard.Operator, scores ...int64) *history {
	h := newHistory("board", o)
	client := h.enter()
	n := naive{}
	for at, score := range scores {
		i := input{action: submits, operator: o, owner: 1, score: score}
		next, got, changed := n.submit(i)
		h.known(client, i, output{score: got, changed: changed}, int64(at*10), int64(at*10+5))
		n = next
	}
	return h
}

const later = 1_000_000

func checked(h *history, final ...seen) verdict {
	return h.check(final, later, later+1, time.Minute)
}

func TestRightHistoriesPass(t *testing.T) {
	for name, c := range map[string]struct {
		h     *history
		final []seen
	}{
		"set":   {written(leaderboard.Set, 5, 3), []seen{{1, 3, 1}}},
		"best":  {written(leaderboard.Best, 5, 3), []seen{{1, 5, 1}}},
		"incr":  {written(leaderboard.Incr, 5, 3), []seen{{1, 8, 1}}},
		"empty": {written(leaderboard.Set), nil},
	} {
		if v := checked(c.h, c.final...); v.bad() {
			t.Errorf("%s: %+v", name, v)
		}
	}
	for _, final := range []int64{8, 12} { // one write more may have been done, or not
		h := written(leaderboard.Incr, 5, 3)
		h.unknown(1, input{action: submits, operator: leaderboard.Incr, owner: 1, score: 4}, 30)
		if v := checked(h, seen{1, final, 1}); v.bad() {
			t.Errorf("%d: %+v", final, v)
		}
	}
}

func TestLostAndDoubledWritesAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		h             *history
		final         []seen
		lost, doubled bool
	}{
		"the last one lost, set":   {written(leaderboard.Set, 5, 3), []seen{{1, 4, 1}}, true, false},
		"the best one lost":        {written(leaderboard.Best, 5, 7), []seen{{1, 5, 1}}, true, false},
		"one lost, incr":           {written(leaderboard.Incr, 5, 3), []seen{{1, 5, 1}}, true, false},
		"all lost":                 {written(leaderboard.Incr, 5, 3), nil, true, false},
		"one done twice, incr":     {written(leaderboard.Incr, 5, 3), []seen{{1, 11, 1}}, false, true},
		"one better than any":      {written(leaderboard.Best, 5, 3), []seen{{1, 6, 1}}, false, true},
		"a record of nobody":       {written(leaderboard.Set, 5), []seen{{2, 9, 1}, {1, 5, 2}}, false, true},
		"an owner who comes twice": {written(leaderboard.Set, 5), []seen{{1, 5, 1}, {1, 5, 2}}, false, true},
	} {
		v := checked(c.h, c.final...)
		if v.illegal != 1 || (v.lost > 0) != c.lost || (v.doubled > 0) != c.doubled || len(v.texts) == 0 {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// What only the order of events shows: a stale read, and a write that was acknowledged
// and undone by one that came before it.
func TestHistoriesThatCannotBe(t *testing.T) {
	stale := written(leaderboard.Set, 5, 3)
	stale.known(stale.enter(), input{action: ranks, owner: 1}, output{records: []seen{{1, 5, 1}}}, 16, 17)
	undone := written(leaderboard.Set, 5, 3)
	wrongRank := written(leaderboard.Set, 5)
	wrongRank.known(wrongRank.enter(), input{action: pages}, output{records: []seen{{1, 5, 2}}}, 6, 7)
	for name, v := range map[string]verdict{
		"a stale read":       checked(stale, seen{1, 3, 1}),
		"an older write won": checked(undone, seen{1, 5, 1}),
		"a wrong rank":       checked(wrongRank, seen{1, 5, 1}),
	} {
		if v.illegal != 1 {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestHistoryTooLongToCheckIsUnknown(t *testing.T) {
	h := newHistory("board", leaderboard.Incr)
	for n := range 40 { // all at once, with replies that fit no order: all orders are tried
		i := input{action: submits, operator: leaderboard.Incr, owner: 1, score: int64(1) << n}
		h.unknown(h.enter(), i, 0)
	}
	v := h.check([]seen{{1, 1<<40 + 1, 1}}, later, later+1, time.Millisecond)
	if v.unknown != 1 || !v.bad() {
		t.Errorf("%+v", v)
	}
}

// talk is a room in which a, b and c were sent, acknowledged, and given to a member.
func talk() *transcript {
	r := newTranscript("room")
	for i, content := range []string{"a", "b", "c"} {
		r.ack(uint64(i+1), content)
		r.given("ada", uint64(i), uint64(i+1), content)
	}
	return r
}

func messages(text string) (all []message) {
	for i, c := range strings.Split(text, "") {
		all = append(all, message{uint64(i + 1), c})
	}
	return all
}

func TestRightTranscriptsPass(t *testing.T) {
	r := talk()
	r.doubt("d")
	r.read("node 1", messages("abc"), 3)
	r.read("node 2", messages("abcd"), 4)
	if v := r.take(); v.bad() {
		t.Errorf("%+v", v)
	}
}

// A room without an archive keeps a tail, no less: what is before it is not lost.
func TestARoomKeepsItsTail(t *testing.T) {
	const sent = chat.TailMessages + 10
	r := newTranscript("room")
	var all []message
	for i := range uint64(sent) {
		all = append(all, message{i + 1, fmt.Sprint(i)})
		r.ack(i+1, all[i].content)
	}
	r.read("", all[10:], sent)
	r.read("", all[4:], sent)
	if v := r.take(); v.bad() {
		t.Errorf("%+v", v)
	}
	r.read("", all[11:], sent)
	if v := r.take(); v.lost == 0 {
		t.Errorf("one less: %+v", v)
	}
}

func TestWrongTranscriptsAreFound(t *testing.T) {
	lost := func(v verdict) bool { return v.lost > 0 }
	doubled := func(v verdict) bool { return v.doubled > 0 }
	for name, c := range map[string]struct {
		do    func(*transcript)
		found func(verdict) bool
	}{
		"an acknowledged message is not there": {func(r *transcript) { r.read("", messages("ab"), 2) }, lost},
		"the end is missing":                   {func(r *transcript) { r.read("", messages("abc"), 4) }, lost},
		"a number is missing": {
			func(r *transcript) { r.read("", append(messages("ab"), message{4, "c"}), 4) }, lost,
		},
		"two have changed places":        {func(r *transcript) { r.read("", messages("acb"), 3) }, lost},
		"one is there twice":             {func(r *transcript) { r.read("", messages("abcc"), 4) }, doubled},
		"one is of nobody":               {func(r *transcript) { r.read("", messages("abcx"), 4) }, doubled},
		"a member is given one twice":    {func(r *transcript) { r.given("bob", 2, 2, "b") }, doubled},
		"a member misses one":            {func(r *transcript) { r.given("bob", 1, 3, "c") }, lost},
		"a member is told so":            {func(r *transcript) { r.gone("bob", 1) }, lost},
		"two members are told different": {func(r *transcript) { r.given("bob", 2, 3, "z") }, lost},
		"one is acknowledged twice":      {func(r *transcript) { r.ack(4, "a") }, doubled},
	} {
		r := talk()
		c.do(r)
		if v := r.take(); !c.found(v) || len(v.texts) == 0 {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestOnlySomeFaultsAreDescribed(t *testing.T) {
	r := talk()
	for range 100 {
		r.gone("bob", 1)
	}
	if v := r.take(); v.lost != 100 || len(v.texts) != textsMax {
		t.Errorf("%d lost, %d texts", v.lost, len(v.texts))
	}
	if r.end() != 3 {
		t.Error(fmt.Sprint(r.end()))
	}
}
