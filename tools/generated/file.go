package generated

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// File is one generated file, whole.
type File struct {
	Path string // from the root of the repository, with slashes
	Text []byte
}

// Write writes the files below root that are not so already.
func Write(root string, files []File) error {
	for _, f := range files {
		name := filepath.Join(root, filepath.FromSlash(f.Path))
		if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, f.Text) {
			continue
		}
		if err := os.WriteFile(name, f.Text, 0o644); err != nil {
			return fmt.Errorf("write a generated file: %w", err)
		}
		fmt.Println("made", f.Path)
	}
	return nil
}

// Stale returns the paths of the files below root that are not so.
func Stale(root string, files []File) []string {
	var out []string
	for _, f := range files {
		old, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(f.Path)))
		if err != nil || !bytes.Equal(old, f.Text) {
			out = append(out, f.Path)
		}
	}
	return out
}

// Between returns page with text between the markers of what, which stand on lines
// of their own: <!-- generated: WHAT --> and <!-- end of WHAT -->.
func Between(page, what, text string) (string, error) {
	first, last := "<!-- generated: "+what+" -->\n", "<!-- end of "+what+" -->\n"
	before, rest, found := strings.Cut(page, first)
	_, after, closed := strings.Cut(rest, last)
	if !found || !closed {
		return "", fmt.Errorf("the page lacks the lines %q and %q in this order", first, last)
	}
	return before + first + "\n" + text + "\n" + last + after, nil
}
