//go:build mutant_ackearly

package host

// ackEarly is a planted bug: a command is applied and acknowledged when it is
// proposed, before it is committed. The simulation must notice.
const ackEarly = true

func (f *fsm) early(data []byte) { f.apply(0, 0, data) }
