//go:build !mutant_leaseforever

package host

// leaseForever is a planted bug: see mutant_leaseforever.go.
const leaseForever = false
