//go:build race || invariants

package invariant

// Enabled says that the checks of this package are on.
const Enabled = true
