package presence

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// hint returns the body of a KindChange.
func hint(w what, count, who int, text string) []byte {
	b := pack.AppendUint([]byte{0x95, byte(w)}, uint64(count))
	return appendMember(b, Member{session(who), person(who), text})
}

// push returns the event that clients get.
func push(t rapid.TB, e *Events) ChangedEvent {
	t.Helper()
	in := pack.NewCursor(e.Append(nil, room("hall")))
	out, err := DecodeChangedEvent(&in)
	if err != nil || in.Done() != nil || string(out.Key) != string(room("hall")) {
		t.Fatalf("%+v, %v, %v", out, err, in.Done())
	}
	return out
}

// add adds a hint, of which nothing may be kept.
func add(t rapid.TB, e *Events, body []byte) {
	t.Helper()
	if err := e.Add(body); err != nil {
		t.Fatal(err)
	}
	clear(body)
}

func member1(who int, text string) Member { return Member{session(who), person(who), text} }

// TestEventsSumUp: each case is what happens to one person, who is there before
// if it begins with -.
func TestEventsSumUp(t *testing.T) {
	for story, want := range map[string]string{
		"": "", "+": "joined", "-": "left", "=": "updated",
		"+-": "", "-+": "updated", "+=": "joined", "=-": "left", "==": "updated",
		"+-+": "joined", "-+-": "left", "+=-": "", "-+=": "updated", "+-+-": "", "+-+=-": "",
		// What cannot be, but for hints that are lost.
		"++": "joined", "--": "left", "-=": "updated", "+--": "left", "=+": "updated",
	} {
		var e Events
		var text string
		for i, c := range story {
			w := what(strings.IndexRune("+-=", c))
			text = fmt.Sprint("status ", i)
			if w == left {
				text = ""
			}
			add(t, &e, hint(w, 5, 1, text))
		}
		got := push(t, &e)
		expect := ChangedEvent{
			Key: got.Key, Count: got.Count,
			Joined: []Member{}, Left: []Member{}, Updated: []Member{},
		}
		switch want {
		case "joined":
			expect.Joined, expect.Joins = []Member{member1(1, text)}, 1
		case "left":
			expect.Left, expect.Leaves = []Member{member1(1, "")}, 1
		case "updated":
			expect.Updated, expect.Updates = []Member{member1(1, text)}, 1
		}
		if !reflect.DeepEqual(got, expect) || e.Empty() != (want == "") {
			t.Errorf("%q: %+v, want %+v; empty %v", story, got, expect, e.Empty())
		}
	}
}

// TestEventsAgainstModel lets random people come and go, and compares each event
// with who is there: it is exact while few are concerned, and true for many.
func TestEventsAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.SampledFrom([]int{3, EventNamesMax, 60, 300}).Draw(t, "people")
		there := map[int]string{}
		var e Events
		for range rapid.IntRange(1, 5).Draw(t, "ticks") {
			before := maps.Clone(there)
			for range rapid.IntRange(0, 3*people).Draw(t, "changes") {
				add(t, &e, happen(t, there, people))
			}
			checkTrue(t, &e, before, there)
			if people <= EventNamesMax {
				checkExact(t, &e, before, there)
			}
			e.Reset()
			if !e.Empty() {
				t.Fatal("not empty when reset")
			}
		}
	})
}

// happen draws one thing that can happen, and returns its hint.
func happen(t *rapid.T, there map[int]string, people int) []byte {
	who := rapid.IntRange(0, people-1).Draw(t, "who")
	text := rapid.SampledFrom([]string{"", "a", "bb"}).Draw(t, "text")
	_, present := there[who]
	switch {
	case !present:
		there[who] = text
		return hint(joined, len(there), who, text)
	case rapid.Bool().Draw(t, "leaves"):
		delete(there, who)
		return hint(left, len(there), who, "")
	}
	there[who] += text
	return hint(updated, len(there), who, there[who])
}

// checkTrue checks what holds for any number of people.
func checkTrue(t *rapid.T, e *Events, before, there map[int]string) {
	got := push(t, e)
	if e.Empty() {
		if !slices.Equal(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(there))) {
			t.Fatal("empty, though people came or went")
		}
		return
	}
	if got.Count != len(there) || got.Joins-got.Leaves != len(there)-len(before) {
		t.Fatalf("%+v, but there were %d and are %d", got, len(before), len(there))
	}
	named := map[grid.SessionID]bool{}
	for i, list := range [][]Member{got.Joined, got.Left, got.Updated} {
		n := []int{got.Joins, got.Leaves, got.Updates}[i]
		if len(list) > EventNamesMax || len(list) > n {
			t.Fatalf("%d names for %d", len(list), n)
		}
		for _, m := range list {
			if named[m.Session] {
				t.Fatalf("%+v is named twice", m)
			}
			named[m.Session] = true
			who := slices.IndexFunc(sessions[:], func(s grid.SessionID) bool { return s == m.Session })
			if text, ok := there[who]; ok != (i != 1) || text != m.Status {
				t.Fatalf("%+v in list %d, but it is %q, %v", m, i, text, ok)
			}
		}
	}
}

// sessions are those of the first people.
var sessions = func() (out [300]grid.SessionID) {
	for i := range out {
		out[i] = session(i)
	}
	return out
}()

// checkExact checks an event of so few that all are named.
func checkExact(t *rapid.T, e *Events, before, there map[int]string) {
	got := push(t, e)
	var joins, leaves int
	for who := range there {
		if _, was := before[who]; !was {
			joins++
		}
	}
	for who := range before {
		if _, is := there[who]; !is {
			leaves++
		}
	}
	if got.Joins != joins || got.Leaves != leaves || got.Updates != len(got.Updated) ||
		len(got.Joined) != joins || len(got.Left) != leaves {
		t.Fatalf("%+v, want %d joins and %d leaves", got, joins, leaves)
	}
	for _, m := range got.Updated {
		if _, was := before[slices.Index(sessions[:], m.Session)]; !was {
			t.Fatalf("%+v is updated, but was not there", m)
		}
	}
}

// TestEventsInAStorm: any number of changes takes bounded memory, and no
// allocation once it has that.
func TestEventsInAStorm(t *testing.T) {
	const storm = 100_000
	var e Events
	text := strings.Repeat("s", StatusBytesMax)
	for i := range storm {
		add(t, &e, hint(joined, i+1, i, text))
	}
	for i := range 1000 {
		add(t, &e, hint(updated, storm, i, text))
	}
	for i := range 1000 {
		add(t, &e, hint(left, storm-1-i, storm-1-i, ""))
	}
	got := push(t, &e)
	if got.Count != storm-1000 || got.Joins != storm || got.Leaves != 1000 || got.Updates != 1000-EventNamesMax {
		t.Errorf("count %d, joins %d, leaves %d, updates %d", got.Count, got.Joins, got.Leaves, got.Updates)
	}
	for i, list := range [][]Member{got.Joined, got.Left, got.Updated} {
		if len(list) != EventNamesMax {
			t.Errorf("list %d has %d names", i, len(list))
		}
	}
	size := cap(e.named) * 64
	for _, m := range e.named[:cap(e.named)] {
		size += cap(m.status)
	}
	if size > 32<<10 {
		t.Errorf("holds %d bytes", size)
	}
	bodies := [][]byte{hint(joined, 1, 1, text), hint(updated, 1, 1, text), hint(left, 0, 1, text),
		hint(left, 1, 2, ""), hint(joined, 1, 3, "")}
	buf, key := make([]byte, 0, 64<<10), room("hall")
	if n := testing.AllocsPerRun(100, func() {
		e.Reset()
		for _, b := range bodies {
			_ = e.Add(b)
		}
		buf = e.Append(buf[:0], key)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestEventsKnowOnlySoMany: whoever leaves and comes back does not make room for
// others without end.
func TestEventsKnowOnlySoMany(t *testing.T) {
	var e Events
	for i := range 1000 {
		for _, w := range []what{left, joined} {
			add(t, &e, hint(w, 1, i, "x"))
		}
	}
	if len(e.named) > namedMax {
		t.Errorf("knows %d sessions", len(e.named))
	}
	if got := push(t, &e); len(got.Updated) != EventNamesMax || got.Joins != got.Leaves {
		t.Errorf("%d names, %d joins, %d leaves", len(got.Updated), got.Joins, got.Leaves)
	}
}

func TestEventsRefuse(t *testing.T) {
	good := hint(updated, 3, 1, "x")
	var e Events
	if err := e.Add(good); err != nil {
		t.Fatal(err)
	}
	want := e.Append(nil, room("hall"))
	for name, body := range map[string][]byte{
		"nothing":       {},
		"no array":      {5},
		"cut":           good[:len(good)-1],
		"few fields":    {0x92, 0, 1},
		"another sort":  append([]byte{0x95, 3}, good[2:]...),
		"session short": append([]byte{0x95, 2, 3, 0xc4, 1, 9}, good[13:]...),
		"no text":       hint(updated, 3, 1, "\xff"),
		"long text":     hint(updated, 3, 1, strings.Repeat("x", StatusBytesMax+1)),
	} {
		if err := e.Add(body); fault.CodeOf(err) != fault.InvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := e.Add(append(append([]byte{0x96}, good[1:]...), 0xc0)); err != nil {
		t.Errorf("a later field: %v", err)
	}
	if got := e.Append(nil, room("hall")); !slices.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}
