//go:build mutant_replay

package host

// heedReplay is a planted bug: hints are acted on again when the log is replayed,
// and on followers. The tests must notice.
const heedReplay = true
