//go:build mutant_forgetids

package slot

// forgetIDs leaves request ids out of snapshots: a planted bug.
const forgetIDs = true
