package netio

import (
	"testing"
	"unsafe"
)

// A handle finds its session until that is removed, and nobody afterwards.
func TestTable(t *testing.T) {
	var tab table
	a, b, c := &session{}, &session{}, &session{}
	tab.add(a)
	tab.add(b)
	if tab.get(a.handle) != a || tab.get(b.handle) != b || tab.len() != 2 {
		t.Fatal("what was added is not found")
	}
	tab.remove(a)
	tab.add(c)
	if uint32(c.handle) != uint32(a.handle) || c.handle == a.handle {
		t.Errorf("handles %x and %x: want the same place, another generation", a.handle, c.handle)
	}
	if tab.get(a.handle) != nil || tab.get(c.handle) != c || tab.get(99) != nil {
		t.Error("a handle of the past finds somebody")
	}
}

// What an idle connection costs besides gnet.
func TestSessionSize(t *testing.T) {
	if n := unsafe.Sizeof(session{}); n > 192 {
		t.Errorf("a session has %d bytes", n)
	}
}
