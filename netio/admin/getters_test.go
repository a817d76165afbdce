package admin

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/meter"
)

var update = flag.Bool("update", false, "write testdata/getters.txt anew")

// amount is what a field is set to: 3 seconds, in µs.
const amount = 3_000_000

// read returns all values of a sample, by name and labels.
func read(s *Sample) map[string]string {
	out := map[string]string{}
	for _, m := range Table() {
		name := func(labels []string) string {
			for i := range labels {
				labels[i] = m.Labels[i] + "=" + labels[i]
			}
			return strings.TrimSuffix(m.Name+"{"+strings.Join(labels, ",")+"}", "{}")
		}
		m.read(s, &emitter{
			value: func(v float64, labels []string) { out[name(labels)] = fmt.Sprint(v) },
			histogram: func(r *meter.Reading, labels []string) {
				out[name(labels)] = fmt.Sprint(r.Count(), " of ", float64(r.Sum)*m.Buckets.Scale)
			},
		})
	}
	return out
}

// fields calls each for every number and every truth in v, while it alone is not zero.
func fields(t *testing.T, v reflect.Value, path string, each func(path string)) {
	t.Helper()
	if path == "Shards.Number" { // a label
		return
	}
	set := func(to any) {
		was := reflect.ValueOf(v.Interface())
		v.Set(reflect.ValueOf(to).Convert(v.Type()))
		each(path)
		v.Set(was)
	}
	switch v.Interface().(type) {
	case meter.Reading:
		r := meter.Reading{Sum: amount}
		r.Counts[1] = 1
		set(r)
		return
	case time.Time:
		set(time.UnixMicro(amount))
		return
	case fault.Code, string: // labels
		return
	}
	switch {
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fields(t, v.Field(i), strings.TrimPrefix(path+"."+v.Type().Field(i).Name, "."), each)
		}
	case v.Kind() == reflect.Slice:
		fields(t, v.Index(0), path, each)
	case v.Kind() == reflect.Bool:
		set(true)
	case v.CanInt(), v.CanUint():
		set(amount)
	default:
		t.Fatalf("%s is of the kind %v, which this test does not know", path, v.Kind())
	}
}

// emptySample has one of everything, and nothing in it.
func emptySample() *Sample {
	s := &Sample{}
	for v := range reflect.ValueOf(s).Elem().NumField() {
		grow(reflect.ValueOf(s).Elem().Field(v))
	}
	return s
}

func grow(v reflect.Value) {
	switch v.Kind() {
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				grow(v.Field(i))
			}
		}
	}
}

// TestGetters: testdata/getters.txt says which metric shows which field of a sample, and
// how. Every field is shown by some metric, and every metric shows a field.
func TestGetters(t *testing.T) {
	s := emptySample()
	s.Started = time.UnixMicro(0)
	before := read(s)
	left := maps.Clone(before)
	var lines strings.Builder
	fields(t, reflect.ValueOf(s).Elem(), "", func(path string) {
		after := read(s)
		var shown []string
		for name, was := range before {
			if is := after[name]; is != was {
				shown = append(shown, name+" "+is)
				delete(left, name)
			}
		}
		if len(shown) == 0 {
			t.Errorf("no metric shows %s", path)
		}
		slices.Sort(shown)
		fmt.Fprintf(&lines, "%s: %s\n", path, strings.Join(shown, ", "))
	})
	delete(left, "throng_build_info{version=,go=}") // is in its labels
	for name := range left {
		t.Errorf("%s shows no field", name)
	}
	if *update {
		if err := os.WriteFile("testdata/getters.txt", []byte(lines.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/getters.txt")
	if err != nil {
		t.Fatal(err)
	}
	for got := range strings.Lines(lines.String()) {
		if !strings.Contains("\n"+string(want), "\n"+got) {
			t.Errorf("now it is\n%sif that is right, run go test ./netio/admin -run Getters -update", got)
		}
	}
	if lines.Len() < len(want) {
		t.Error("testdata/getters.txt has lines too many")
	}
}
