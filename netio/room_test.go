package netio

import (
	"fmt"
	"runtime"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
)

// aLoop is a loop that serves nobody.
func aLoop() *loop {
	s := &Server{fan: &fan{}}
	l := &loop{server: s}
	l.rooms.byKey = make(map[string]*room)
	return l
}

// Rooms and seats agree, whatever comes and goes, and the loop cares for exactly
// the slots in which it has rooms.
func TestRooms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := aLoop()
		conns := make([]*conn, 5)
		model := make([]map[string]bool, len(conns))
		for i := range conns {
			conns[i], model[i] = &conn{}, map[string]bool{}
		}
		t.Repeat(map[string]func(*rapid.T){
			"enter": func(t *rapid.T) {
				i, key := rapid.IntRange(0, 4).Draw(t, "who"), rapid.StringN(1, 1, 2).Draw(t, "key")
				l.enter(conns[i], []byte(key))
				model[i][key] = true
			},
			"leave": func(t *rapid.T) {
				i, key := rapid.IntRange(0, 4).Draw(t, "who"), rapid.StringN(1, 1, 2).Draw(t, "key")
				l.leave(conns[i], []byte(key))
				delete(model[i], key)
			},
			"leave all": func(t *rapid.T) {
				i := rapid.IntRange(0, 4).Draw(t, "who")
				l.leaveAll(conns[i])
				clear(model[i])
			},
			"": func(t *rapid.T) { checkRooms(t, l, conns, model) },
		})
	})
}

func checkRooms(t *rapid.T, l *loop, conns []*conn, model []map[string]bool) {
	count := map[string]int{}
	slots := map[grid.Slot]bool{}
	for i, k := range conns {
		if k.seats() != len(model[i]) {
			t.Fatalf("%d seats, want %d", k.seats(), len(model[i]))
		}
		for key := range model[i] {
			if count[key]++; !l.isIn(k, []byte(key)) {
				t.Fatalf("not in %q", key)
			}
			slots[grid.SlotOf(key)] = true
		}
		for n := range k.seats() {
			if s := k.seat(n); s.room.members[s.at] != k {
				t.Fatal("another has the seat")
			}
		}
	}
	if len(l.rooms.byKey) != len(count) {
		t.Fatalf("%d rooms, want %d", len(l.rooms.byKey), len(count))
	}
	for key, n := range count {
		if r := l.rooms.byKey[key]; r == nil || len(r.members) != n {
			t.Fatalf("%q: not %d members", key, n)
		}
	}
	for s := range grid.Slot(grid.Slots) {
		if got := l.server.fan.interest.in(s) != 0; got != slots[s] {
			t.Fatalf("slot %d: cares %v", s, got)
		}
	}
}

// What an idle connection costs beside gnet: it is on one stream, its own.
func TestBytesOfIdleConnection(t *testing.T) {
	const many = 50_000
	l := aLoop()
	conns := make([]*conn, many)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range conns {
		conns[i] = &conn{}
	}
	connected := heap()
	for i, k := range conns {
		l.enter(k, grid.StatusKey(nil, grid.UserID("custom", fmt.Sprint(i))))
	}
	entered := heap()
	each, seat := (connected-before)/many, (entered-connected)/many
	t.Logf("%d bytes a connection (%d by its fields), %d more for its one stream",
		each, unsafe.Sizeof(conn{}), seat)
	if each > 144 || seat > 120 {
		t.Errorf("%d and %d bytes: want at most 144 and 120", each, seat)
	}
	runtime.KeepAlive(conns)
	runtime.KeepAlive(l)
}
