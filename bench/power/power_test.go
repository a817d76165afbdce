package power

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestParseStat(t *testing.T) {
	c, err := parseStat("  1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n")
	if err != nil || c != (counters{5, 7, 9}) {
		t.Errorf("%+v, %v", c, err)
	}
	for _, bad := range []string{"", "1 2 3 4 5 6 7 8", "1 2 3 4 x 6 7 8 9"} {
		if _, err := parseStat(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestCopySparseCopiesDataAndSize(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	f, err := os.Create(from)
	if err != nil {
		t.Fatal(err)
	}
	f.Truncate(8 << 20)
	f.WriteAt([]byte("one"), 1<<20)
	f.WriteAt([]byte("two"), 5<<20+17)
	f.Close()
	n, err := copySparse(to, from)
	if err != nil || n < 6 || n > 8<<20 {
		t.Errorf("%d bytes, %v", n, err)
	}
	a, _ := os.ReadFile(from)
	b, _ := os.ReadFile(to)
	if !bytes.Equal(a, b) {
		t.Error("the copy differs")
	}
}

// What was synced survives a cut and what was not does not: the whole method.
func TestCutKeepsOnlyWhatWasSynced(t *testing.T) {
	if err := Check(); err != nil {
		if os.Getenv("CI") == "" {
			t.Skip(err) // only root may mount; where changes are accepted it runs
		}
		t.Fatal(err)
	}
	d, err := New(t.Context(), t.TempDir(), ImageBytes)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	synced, err := os.Create(filepath.Join(d.Mount(), "synced"))
	if err != nil {
		t.Fatal(err)
	}
	synced.WriteString("kept")
	if err := synced.Sync(); err != nil {
		t.Fatal(err)
	}
	synced.WriteString("lost") // written, not synced
	unsynced := filepath.Join(d.Mount(), "unsynced")
	if err := os.WriteFile(unsynced, []byte("lost"), 0o600); err != nil {
		t.Fatal(err)
	}
	cut, err := d.Cut(t.Context(), func() { synced.Close() })
	if err != nil || cut.Copies < 1 || cut.Bytes == 0 {
		t.Fatalf("%+v, %v", cut, err)
	}
	if b, err := os.ReadFile(filepath.Join(d.Mount(), "synced")); err != nil || string(b) != "kept" {
		t.Errorf("%q, %v", b, err)
	}
	if b, err := os.ReadFile(unsynced); len(b) > 0 {
		t.Errorf("%q, %v", b, err)
	}
}
