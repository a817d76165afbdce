package disk

import (
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

func TestTheFirstFailureStays(t *testing.T) {
	var told []error
	l := NewLatch(func(err error) { told = append(told, err) })
	l.Arm()
	first := errors.New("first")
	if l.Err() != nil || l.Fail(first) != first || l.Fail(errors.New("second")) != first || l.Err() != first {
		t.Errorf("latched: %v", l.Err())
	}
	if len(told) != 1 || told[0] != first {
		t.Errorf("told: %v", told)
	}
	quiet := NewLatch(func(error) { t.Error("told of a failure before it was armed") })
	if err := quiet.Fail(first); err != first || quiet.Err() != first {
		t.Errorf("before it is armed: %v", err)
	}
}

// After the first failure everything seems to succeed, and the disk is as it was.
func TestAGuardFreezesTheDisk(t *testing.T) {
	under := vfs.NewMem()
	broken := errors.New("broken")
	fail := false
	fs := NewGuard(errorfs.Wrap(under, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if fail && op.Kind == errorfs.OpFileSync {
			return broken
		}
		return nil
	})), NewLatch(func(error) {}), nil, nil)
	f, err := fs.Create("a", vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	write := func(s string) error {
		_, err := f.Write([]byte(s))
		return errors.Join(err, f.Sync())
	}
	if err := write("kept"); err != nil {
		t.Fatal(err)
	}
	fail = true
	if err := write(", and this"); err != nil || !errors.Is(fs.latch.Err(), broken) {
		t.Fatalf("a failed sync: %v, latched %v", err, fs.latch.Err())
	}
	g, err := fs.Create("b", vfs.WriteCategoryUnspecified)
	if err := errors.Join(err, write("lost"), fs.Rename("a", "c"), fs.Remove("a"),
		fs.MkdirAll("d", DirMode), g.Close(), f.Close()); err != nil {
		t.Errorf("on a frozen disk: %v", err)
	}
	if info, err := under.Stat("a"); err != nil || info.Size() != int64(len("kept, and this")) {
		t.Errorf("the file on the disk: %v, %v", info, err)
	}
	if list, _ := under.List(""); len(list) != 1 {
		t.Errorf("the disk has %v", list)
	}
}

func TestASealHoldsKeyAndValueTogether(t *testing.T) {
	value := append(make([]byte, SealBytes), "data"...)
	value[0] = 1
	Seal([]byte("key"), value)
	if !Sealed([]byte("key"), value) || Sealed([]byte("kez"), value) || Sealed(nil, nil) {
		t.Error("the seal is not that of this key and value")
	}
	for i := range value {
		value[i] ^= 4
		if Sealed([]byte("key"), value) {
			t.Errorf("a changed byte %d goes unnoticed", i)
		}
		value[i] ^= 4
	}
}
