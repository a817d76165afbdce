package generated

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// Root is the repository's folder as seen from that of a generator, where go generate
// and tests run.
const Root = "../.."

// Main is the main function of a generator: it writes the files that make makes, or says
// what went wrong and ends the process.
func Main(name string, make func() ([]File, error)) {
	files, err := make()
	if err == nil {
		err = Write(Root, files)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

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
