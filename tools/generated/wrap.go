package generated

import "strings"

// columnsMax is how wide the lines of a page are, but for those of tables.
const columnsMax = 100

// Wrap breaks a paragraph into lines of at most 100 columns; those behind the first
// begin with indent. Words that are longer stay whole.
func Wrap(text, indent string) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case column == 0:
		case column+1+n > columnsMax:
			b.WriteString("\n" + indent)
			column = len(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}
