//go:build !mutant_failunknown

package host

// failUnknown is a planted bug: see mutant_failunknown.go.
const failUnknown = false
