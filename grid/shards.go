package grid

// Shards is where slots live, on this node or another. Implemented by shard/host for
// those that this node leads, and by shard/router for all; called by the edges.
type Shards interface {
	// Open returns a new lane whose outcomes go to deliver. It may be called
	// from any goroutine.
	Open(deliver Deliver) Lane
	// Listen lets all hints go to a function, in the order in which each shard gave
	// them; before, they are dropped. It is called on the shards' goroutines, must
	// not block, and may keep nothing of the effects.
	Listen(hints func(*Effects))
	// Origin returns this incarnation of the node.
	Origin() Origin
}

// Lane is one event loop's way to the shards. It belongs to that loop's
// goroutine; none of its methods blocks for longer than a few hundred
// microseconds.
type Lane interface {
	// Write stages a command, whose body is copied, for its slot. Its outcome
	// comes through Deliver under ref, unless Write returns an error: then
	// nothing was queued.
	Write(slot Slot, kind Kind, id RequestID, body []byte, ref Ref) error
	// Flush hands all that was staged to the shards' proposers.
	Flush()
	// Read appends the reply to a query, one msgpack array, to out. Level is
	// Leader or Stale; at level Stale the reply is [age, reply] (BeginStale). On an
	// error out is returned as it was; but ErrPartial comes with what there is of the
	// reply. ErrAway: to be asked.
	Read(slot Slot, level Level, kind Kind, body, out []byte) ([]byte, error)
	// Confirm stages a linearizable read: once the leader is confirmed and has
	// applied all that was committed before, Deliver gets ref with an empty
	// body, and Read at level Leader then gives the answer. The error, or the outcome,
	// is ErrAway when it is to be asked.
	Confirm(slot Slot, ref Ref) error
	// Ask stages a query, whose body is copied, for whoever serves its slot at a level,
	// any of the three; to be called when Read or Confirm says ErrAway. Its outcome comes
	// through Deliver under ref as that of a command does, with status 0 and the reply,
	// or StatusPartial and a part of it; in both it is [age, reply] at level Stale. When
	// Ask returns an error, nothing was staged.
	Ask(slot Slot, level Level, kind Kind, body []byte, ref Ref) error
}

// Ref is what a lane's owner hands in with a command to find its way back: the
// owner's own numbers, returned as they were.
type Ref struct {
	Conn uint64 // the owner's handle for the connection
	Came int64  // when the request came, by the owner's clock
	ID   uint32 // the frame id to echo
	Kind Kind
	Slot Slot // where it is served
}

// Deliver takes outcomes to the lane they came from. It is called on a shard's
// goroutine, must not block, and owns the outcomes until it calls Release.
type Deliver func(*Outcomes)

// Outcomes are the results of a lane's commands in one entry, in order.
type Outcomes struct {
	Refs []Ref
	// Err, when not nil, is the outcome of every command: a *fault.Error, or ErrAway
	// of reads that Confirm staged. Ends is then empty, and Bytes are the commands
	// themselves, back to back as they were proposed, for who knows where else to send
	// them; or nothing.
	Err error
	// Body i is Bytes[Ends[i-1]:Ends[i]]. Its first byte is 0 when the command
	// was done, and a msgpack reply array follows; else it is the fault.Code
	// and fault.Error.Append's array follows; or StatusElsewhere or StatusPartial.
	Ends  []uint32
	Bytes []byte
	// Confirmed says that these are reads that Confirm staged; if Err is nil, the leader
	// was confirmed.
	Confirmed bool
	// Steps says where the time of these commands went; zero where nobody has looked.
	Steps Steps

	// Recycle takes the value back into its pool; set by who made it.
	Recycle func(*Outcomes)
}

// Steps are the times in µs that the commands of an entry took, one after the other:
// the first of them waited for the entry, the entry for the log, and all were executed.
type Steps struct{ Queue, Commit, Apply uint32 }

// Body returns outcome i: its status byte and its msgpack body, a view that is
// valid until Release.
func (o *Outcomes) Body(i int) (status byte, body []byte) {
	from := uint32(0)
	if i > 0 {
		from = o.Ends[i-1]
	}
	b := o.Bytes[from:o.Ends[i]]
	return b[0], b[1:]
}

// Release gives the outcomes back to the shard that made them; nothing of them
// may be used afterwards.
func (o *Outcomes) Release() {
	if o.Recycle != nil {
		o.Recycle(o)
	}
}
