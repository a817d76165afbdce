package grid

import "testing"

func TestOutcomesBody(t *testing.T) {
	recycled := 0
	o := &Outcomes{
		Refs:    make([]Ref, 3),
		Ends:    []uint32{3, 4, 8},
		Bytes:   []byte{0, 'a', 'b', 5, 0, 'x', 'y', 'z'},
		Recycle: func(*Outcomes) { recycled++ },
	}
	for i, want := range []struct {
		status byte
		body   string
	}{{0, "ab"}, {5, ""}, {0, "xyz"}} {
		if status, body := o.Body(i); status != want.status || string(body) != want.body {
			t.Errorf("outcome %d is %d %q, want %d %q", i, status, body, want.status, want.body)
		}
	}
	o.Release()
	if recycled != 1 {
		t.Errorf("recycled %d times", recycled)
	}
	(&Outcomes{}).Release() // without a pool it is left to the collector
}
