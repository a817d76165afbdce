//go:build !mutant_fullok

package disk

// fullOK is a planted bug: see mutant_fullok.go.
const fullOK = false
