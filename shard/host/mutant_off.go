//go:build !mutant_ackearly

package host

// ackEarly is a planted bug: see mutant_ackearly.go.
const ackEarly = false

func (f *fsm) early([]byte) {}
