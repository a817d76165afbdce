//go:build mutant_failunknown

package host

// failUnknown is a planted bug: every error of Raft is called a failure. The
// simulation must notice.
const failUnknown = true
