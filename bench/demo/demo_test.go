package demo

import "testing"

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		acked, read int64
		unknown, ok bool
	}{
		{3, 3, false, true}, {3, 2, false, false}, {3, 4, false, false}, {3, 4, true, true}, {3, 2, true, false},
	} {
		var s Summary
		if s.compare("x", c.acked, c.read, c.unknown); (len(s.Wrong) == 0) != c.ok {
			t.Errorf("%+v: %q", c, s.Wrong)
		}
	}
}

func TestOptions(t *testing.T) {
	o := Defaults()
	if err := o.Check(); err != nil {
		t.Error(err)
	}
	for _, bad := range []func(*Options){
		func(o *Options) { o.Bots = 0 }, func(o *Options) { o.Bots = BotsMax + 1 },
		func(o *Options) { o.Seconds = -1 }, func(o *Options) { o.Server.Addr = "127.0.0.1:1" },
	} {
		o := Defaults()
		if bad(&o); o.Check() == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

func TestTally(t *testing.T) {
	y := newTally()
	before := y.mark()
	y.acked(before.at)
	y.scores.Add(4)
	for range LinesMax + 2 {
		y.heard("hello")
	}
	now := y.mark()
	now.at = before.at.Add(2e9)
	if f := y.frame(before, now); f.Scores != 2 || f.P99 <= 0 || len(f.Lines) != LinesMax {
		t.Errorf("%+v", f)
	}
	if y.took.TotalCount() != 0 || y.total.TotalCount() != 1 {
		t.Error("a frame's times do not join the others")
	}
}
