package chat

import "slices"

// revisionsMax is how many messages' revisions a Reader remembers.
const revisionsMax = 64

// revisions remembers which changes were delivered, so that none is twice, or
// after a later one of the same message. Changes are numbered per channel: once
// there are revisionsMax, what is below the lowest of them counts as delivered.
type revisions struct {
	latest []revision // by rising number of the change, one per message
}

type revision struct{ seq, number uint64 }

// add notes a revision that is being delivered. It returns false when it must not
// be; revision 0 is no change.
func (r *revisions) add(seq, number uint64) bool {
	if number == 0 {
		return false
	}
	for i, have := range r.latest {
		if have.seq != seq {
			continue
		}
		if number <= have.number {
			return false
		}
		r.latest = slices.Delete(r.latest, i, i+1)
		break
	}
	if len(r.latest) == revisionsMax {
		if number < r.latest[0].number {
			return false // it could not be remembered
		}
		r.latest = slices.Delete(r.latest, 0, 1)
	}
	i := len(r.latest)
	for i > 0 && r.latest[i-1].number > number {
		i--
	}
	r.latest = slices.Insert(r.latest, i, revision{seq, number})
	return true
}
