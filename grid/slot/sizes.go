package slot

import "github.com/thronggrid/throng/grid"

// Sizes is how much a slot, or a number of them, holds of everything, and what waits
// there.
type Sizes struct {
	Boards    grid.Size // boards, and the parts of such as are spread over slots
	Records   grid.Size // of boards, in all periods, with their metadata
	Sessions  grid.Size
	Tokens    grid.Size // refresh tokens that were used and have not expired
	Streams   grid.Size // streams that somebody is present on
	Presences grid.Size // on all streams, with their statuses
	Channels  grid.Size // without their messages
	Messages  grid.Size // in tails; what only the archive has is not in memory
	Requests  grid.Size // clients whose request ids are remembered, with the results
	Duties    grid.Size // in outboxes

	// OldestDuty is when the oldest duty was left, µs since 1970 and up to a second too
	// early; 0: there is none. Of what a start has found it is the time of the slot's
	// last change before.
	OldestDuty int64
	// Unarchived is what the archive lacks, messages and changes to them, and
	// OldestUnarchived when the first of these messages was sent, µs since 1970; 0: none
	// is known. All of it is in Messages too.
	Unarchived       grid.Size
	OldestUnarchived int64
}

// About what things take beside their texts, in bytes.
const rowBytes = 120

// Sizes returns what the slot holds. It is O(1), but for the destinations of its duties.
// Any number of goroutines may call it at once while none calls Apply.
func (s *Slot) Sizes() Sizes {
	z := s.states.sizes()
	live := int64(s.requests.live)
	z.Requests = grid.Size{Count: live, Bytes: live*rowBytes + int64(s.requests.bytes)}
	z.Duties = grid.Size{Count: int64(s.outbox.count), Bytes: int64(s.outbox.bytes)}
	s.outbox.queues.Scan(func(_ uint16, q *queue) bool {
		z.OldestDuty = earlier(z.OldestDuty, int64(q.duties[0].sent)*1_000_000)
		return true
	})
	return z
}

// Add adds what other slots hold.
func (z *Sizes) Add(o *Sizes) {
	z.Boards, z.Records = z.Boards.Plus(o.Boards), z.Records.Plus(o.Records)
	z.Sessions, z.Tokens = z.Sessions.Plus(o.Sessions), z.Tokens.Plus(o.Tokens)
	z.Streams, z.Presences = z.Streams.Plus(o.Streams), z.Presences.Plus(o.Presences)
	z.Channels, z.Messages = z.Channels.Plus(o.Channels), z.Messages.Plus(o.Messages)
	z.Requests, z.Duties = z.Requests.Plus(o.Requests), z.Duties.Plus(o.Duties)
	z.Unarchived = z.Unarchived.Plus(o.Unarchived)
	z.OldestDuty = earlier(z.OldestDuty, o.OldestDuty)
	z.OldestUnarchived = earlier(z.OldestUnarchived, o.OldestUnarchived)
}

// earlier returns the earlier of two times, of which 0 is none.
func earlier(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// seconds returns a stamp in seconds.
func seconds(stamp int64) uint32 { return uint32(stamp / 1_000_000) }
