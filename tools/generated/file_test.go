package generated

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestWriteAndStale(t *testing.T) {
	root := t.TempDir()
	files := []File{{"a.md", []byte("one\n")}, {"b.md", []byte("two\n")}}
	if got := Stale(root, files); !slices.Equal(got, []string{"a.md", "b.md"}) {
		t.Errorf("of files that are not there %q are stale", got)
	}
	if err := Write(root, files); err != nil {
		t.Fatal(err)
	}
	if got := Stale(root, files); got != nil {
		t.Errorf("just written, and %q are stale", got)
	}
	if err := os.WriteFile(filepath.Join(root, "b.md"), []byte("by hand\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := Stale(root, files); !slices.Equal(got, []string{"b.md"}) {
		t.Errorf("b.md was changed, and %q are stale", got)
	}
	if err := Write(filepath.Join(root, "no", "folder"), files); err == nil {
		t.Error("written into a folder that there is not")
	}
}

func TestBetween(t *testing.T) {
	const page = "# Title\n<!-- generated: x -->\nold\n<!-- end of x -->\ntail\n"
	const want = "# Title\n<!-- generated: x -->\n\nnew\n\n<!-- end of x -->\ntail\n"
	got, err := Between(page, "x", "new\n")
	if err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
	if again, err := Between(got, "x", "new\n"); err != nil || again != want {
		t.Errorf("a second time %q, %v", again, err)
	}
	for _, bad := range []string{"", "<!-- generated: x -->\n", "<!-- end of x -->\n<!-- generated: x -->\n"} {
		if got, err := Between(bad, "x", "new\n"); err == nil {
			t.Errorf("%q became %q", bad, got)
		}
	}
}
