package disk

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestADirectorySurvivesAPowerCut(t *testing.T) {
	fs := vfs.NewCrashableMem()
	if err := MakeDir(fs, "a/b/c"); err != nil {
		t.Fatal(err)
	}
	if err := MakeDir(fs, "a/b/c"); err != nil {
		t.Errorf("a directory that is there: %v", err)
	}
	after := fs.CrashClone(vfs.CrashCloneCfg{})
	if _, err := after.Stat("a/b/c"); err != nil {
		t.Errorf("after the cut: %v", err)
	}
}
