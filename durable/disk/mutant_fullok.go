//go:build mutant_fullok

package disk

// fullOK is a planted bug: a write that finds no space is said to have been made. The
// simulation must notice.
const fullOK = true
