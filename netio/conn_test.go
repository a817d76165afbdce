package netio

import (
	"testing"
	"unsafe"
)

// A handle finds its session until that is removed, and nobody afterwards.
func TestTable(t *testing.T) {
	var tab table
	a, b, c := &conn{}, &conn{}, &conn{}
	tab.add(a)
	tab.add(b)
	if tab.get(a.number()) != a || tab.get(b.number()) != b || tab.len() != 2 {
		t.Fatal("what was added is not found")
	}
	tab.remove(a)
	tab.add(c)
	if uint32(c.number()) != uint32(a.number()) || c.number() == a.number() {
		t.Errorf("handles %x and %x: want the same place, another generation", a.number(), c.number())
	}
	if tab.get(a.number()) != nil || tab.get(c.number()) != c || tab.get(99) != nil {
		t.Error("a handle of the past finds somebody")
	}
}

// What an idle connection costs besides gnet.
func TestSessionSize(t *testing.T) {
	if n := unsafe.Sizeof(conn{}); n > 144 {
		t.Errorf("a session has %d bytes", n)
	}
}
