package grid

// Turn is one command's turn at a slot: what Apply is given beside the command,
// and where it leaves what is to be done beside the change of state. It is valid
// during Apply only.
type Turn struct {
	Slot  Slot
	Stamp int64 // the slot's clock, µs: unique, and rising from command to command
	// Floors are the lowest live incarnations; a gateway below its own is dead.
	Floors Floors
	// Level is the feature level in force: where rules of Apply have changed from one level
	// to the next, it says which to go by.
	Level  uint64
	Outbox Outbox
	// Members says who is present on the streams of this slot.
	Members Members
	// Channels says what was said on the streams of this slot.
	Channels Channels
	// Effects takes hints. It is nil when nobody will act on them, on a follower or
	// in replay: then none need be made. The state never depends on it.
	Effects *Effects
	// Scratch is room for the body of a duty; who makes it longer puts it back.
	Scratch []byte
}

// Outbox takes duties: commands that another slot must carry out, in the order
// in which they were sent to it, exactly once. They are state: in snapshots, and
// removed only when the taker has committed them.
type Outbox interface {
	// Send leaves a command, whose body is copied, for a slot; this one included.
	Send(to Slot, kind Kind, body []byte)
}

// Members says who is present on a stream.
type Members interface {
	// Present says whether a session is present on the stream of a key.
	Present(key []byte, session SessionID) bool
	// Nodes appends the numbers of the nodes that have members on the stream of a key,
	// in rising order.
	Nodes(key []byte, out []uint32) []uint32
}

// Channels says what was said on a stream.
type Channels interface {
	// Last returns the number of the last message of a stream's channel; 0: there is none.
	Last(key []byte) uint64
}

// Origin is one incarnation of a node: no two starts of any node share one.
type Origin uint64

// incarnationBits is where an origin's node begins.
const incarnationBits = 40

// OriginOf returns the origin of a node's incarnation, which is below 1<<40.
func OriginOf(node uint32, incarnation uint64) Origin {
	return Origin(uint64(node)<<incarnationBits | incarnation)
}

// Node returns the number of the node.
func (o Origin) Node() uint32 { return uint32(o >> incarnationBits) }

// Incarnation returns which start of the node it is.
func (o Origin) Incarnation() uint64 { return uint64(o) & (1<<incarnationBits - 1) }

// Floors holds the lowest live incarnation of each node that has one, in order
// of nodes. It is never changed in place.
type Floors []Origin

// Dead says whether an incarnation has ended.
func (f Floors) Dead(o Origin) bool {
	for _, at := range f {
		if at.Node() == o.Node() {
			return o < at
		}
	}
	return false
}

// Below returns those floors of another list that are higher than these, or that these lack.
func (f Floors) Below(other Floors) (missing Floors) {
	for _, want := range other {
		at := Origin(0)
		for _, o := range f {
			if o.Node() == want.Node() {
				at = o
			}
		}
		if at < want {
			missing = append(missing, want)
		}
	}
	return missing
}

// With returns the floors with a node's raised to an origin, if that is higher.
func (f Floors) With(o Origin) Floors {
	out := make(Floors, 0, len(f)+1)
	for _, at := range f {
		if at.Node() < o.Node() {
			out = append(out, at)
		}
	}
	out = append(out, o)
	for _, at := range f {
		if at.Node() == o.Node() {
			out[len(out)-1] = max(at, o)
		}
	}
	for _, at := range f {
		if at.Node() > o.Node() {
			out = append(out, at)
		}
	}
	return out
}
