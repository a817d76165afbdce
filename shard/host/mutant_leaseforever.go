//go:build mutant_leaseforever

package host

// leaseForever is a planted bug: a lease lasts as long as its term seems to. The
// simulation must notice.
const leaseForever = true
