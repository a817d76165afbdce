package generated

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Part is what stands between the markers of What on a page.
type Part struct{ What, Text string }

// Page returns a page below Root, which is otherwise written by hand, with its parts.
func Page(path string, parts ...Part) (File, error) {
	was, err := os.ReadFile(filepath.Join(Root, filepath.FromSlash(path)))
	if err != nil {
		return File{}, err
	}
	page := string(was)
	for _, p := range parts {
		if page, err = Between(page, p.What, p.Text); err != nil {
			return File{}, fmt.Errorf("%s: %w", path, err)
		}
	}
	return File{Path: path, Text: []byte(page)}, nil
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
