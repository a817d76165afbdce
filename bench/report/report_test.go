package report

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"
)

func TestOKHoldsOnlyWhenEveryCheckHeld(t *testing.T) {
	r := New("x")
	if r.OK {
		t.Error("a report without checks is not ok")
	}
	r.Check("a", true, "fine")
	if !r.OK {
		t.Error("one good check is ok")
	}
	r.Check("b", false, "lost %d", 3)
	r.Check("c", true, "")
	if r.OK {
		t.Error("a good check behind a failed one must not make it ok")
	}
	if r.Checks[1].Detail != "lost 3" {
		t.Errorf("detail %q", r.Checks[1].Detail)
	}
}

func TestMissedTargetIsNoError(t *testing.T) {
	r := New("x")
	r.Check("a", true, "")
	r.AtLeast("T3", 2.4, 2.5, "× Redis")
	r.AtMost("T7", 1.9, 2, "s")
	r.AtMost("T6", math.NaN(), 80, "B")
	if !r.OK || r.Targets[0].Met || !r.Targets[1].Met || r.Targets[2].Met {
		t.Errorf("%+v", r)
	}
}

func TestJSONIsOneObjectWithEveryField(t *testing.T) {
	r := New("x")
	r.Metric("rate", math.Inf(1), "1/s")
	r.Peer("redis", map[string]string{"appendfsync": "always"}).Metric("rate", 5, "1/s")
	var b bytes.Buffer
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(&b)
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	if err := d.Decode(&m); err != io.EOF {
		t.Errorf("more than one object: %v", err)
	}
	for _, k := range []string{"bench", "ok", "checks", "metrics", "peers", "targets", "env"} {
		if v, there := m[k]; !there || v == nil {
			t.Errorf("field %s: %v", k, v)
		}
	}
}

func TestTableShowsWhatFailed(t *testing.T) {
	r := New("crash")
	r.Metric("writes", 1234567, "")
	r.Check("no acknowledged write lost", false, "2 lost")
	r.AtLeast("T3", 2, 2.5, "× Redis")
	var b strings.Builder
	if err := r.WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1,234,567", "[FAIL]", "2 lost", "MISSED", "FAILED"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestModelName(t *testing.T) {
	if m := modelName("processor\t: 0\nmodel name\t: Fast CPU\n"); m != "Fast CPU" {
		t.Errorf("%q", m)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		of   []float64
		want float64
	}{{nil, 0}, {[]float64{4}, 4}, {[]float64{9, 1, 3}, 3}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := Median(c.of); got != c.want {
			t.Errorf("the median of %v is %g, want %g", c.of, got, c.want)
		}
	}
	type sample struct{ rate float64 }
	samples := []sample{{7}, {5}, {6}}
	if got := MedianOf(samples, func(s *sample) float64 { return s.rate }); got != 6 || samples[0].rate != 7 {
		t.Errorf("%g, %v", got, samples)
	}
}

func TestFaultsAreATable(t *testing.T) {
	r := New("x")
	r.Faults = []Fault{{At: 3, Sort: "killed", Target: "node 2", Operations: 1234, NextWrite: 0.25, AllWrites: -1,
		Errors: map[string]int{"UNAVAILABLE": 2, "ABORTED": 1}}}
	var b bytes.Buffer
	if err := r.WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"node 2", "killed", "1,234", "0.25 s", "-1 s", "1 ABORTED, 2 UNAVAILABLE"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}
