//go:build !mutant_forgetids

package slot

const forgetIDs = false
