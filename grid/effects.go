package grid

// Effects are the hints of one entry: pushes to sessions, acted on by the node
// that proposed it, and lost with that node. Nothing may depend on their
// arrival: who missed one can find out by reading.
//
// A hint's body is appended to what Begin returns and handed to Tell or Push.
// Who is handed an Effects by Shards.Listen may keep nothing of it.
type Effects struct {
	Hints []Hint
	Bytes []byte   // what the spans of hints point into
	Nodes []uint32 // what Hint.Nodes points into
	// Due names slots that have new duties; a slot may stand there more than once.
	Due []Slot

	start int
}

// Hint is one push.
type Hint struct {
	Kind   Kind
	Slot   Slot    // of the stream
	To     Address // the one session it is for; zero: all that are present on Stream
	Stream Span    // the stream's key; empty when it is for one session
	Body   Span    // one msgpack array
	// Nodes are the numbers of the nodes that have members on Stream, in Effects.Nodes,
	// rising; each stands there once. It is empty when the hint is for one session.
	Nodes Span
}

// Span is a part of Effects.Bytes, or of Effects.Nodes.
type Span struct{ From, To uint32 }

// Address is where a session's connection is.
type Address struct {
	Session SessionID
	Origin  Origin // the gateway
	Conn    uint64 // the gateway's number for the connection
}

// Of returns the bytes of a span.
func (e *Effects) Of(s Span) []byte { return e.Bytes[s.From:s.To] }

// Begin returns the buffer to which the next hint's body is appended.
func (e *Effects) Begin() []byte {
	e.start = len(e.Bytes)
	return e.Bytes
}

// NodesOf returns the nodes that a hint for a stream is for.
func (e *Effects) NodesOf(h *Hint) []uint32 { return e.Nodes[h.Nodes.From:h.Nodes.To] }

// Tell pushes to all sessions that are present on a stream of the turn's slot.
func (e *Effects) Tell(t *Turn, key []byte, kind Kind, b []byte) {
	from := len(e.Nodes)
	if t.Members != nil {
		e.Nodes = t.Members.Nodes(key, e.Nodes)
	}
	e.tell(t.Slot, key, kind, b, from)
}

// TellNodes tells something about a stream of the turn's slot to the gateways of some
// nodes, whose numbers rise, but for a last one perhaps.
func (e *Effects) TellNodes(t *Turn, nodes []uint32, key []byte, kind Kind, b []byte) {
	from := len(e.Nodes)
	e.Nodes = append(e.Nodes, nodes...)
	e.tell(t.Slot, key, kind, b, from)
}

// tell adds a hint for the nodes from a place on.
func (e *Effects) tell(slot Slot, key []byte, kind Kind, b []byte, from int) {
	body := Span{uint32(e.start), uint32(len(b))}
	e.Bytes = append(b, key...)
	e.Hints = append(e.Hints, Hint{Kind: kind, Slot: slot, Body: body,
		Stream: Span{body.To, uint32(len(e.Bytes))},
		Nodes:  Span{uint32(from), uint32(len(e.Nodes))}})
}

// Push pushes to one session.
func (e *Effects) Push(to Address, kind Kind, b []byte) {
	e.Bytes = b
	e.Hints = append(e.Hints, Hint{Kind: kind, To: to,
		Body: Span{uint32(e.start), uint32(len(b))}})
}

// Reset empties the effects for the next entry.
func (e *Effects) Reset() {
	*e = Effects{Hints: e.Hints[:0], Bytes: e.Bytes[:0], Nodes: e.Nodes[:0], Due: e.Due[:0]}
}
