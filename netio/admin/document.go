package admin

import (
	"fmt"
	"strings"
)

// Document returns the table of metrics as Markdown.
func Document() string {
	var b strings.Builder
	b.WriteString("| metric | type | labels | what it says |\n| --- | --- | --- | --- |\n")
	for _, m := range Table() {
		labels := strings.Join(m.Labels, ", ")
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.Type, labels, m.Help)
	}
	return b.String()
}
