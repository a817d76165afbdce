package meta

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/shard"
)

// The kinds of the meta group's commands and of its one query. They are in entries and on
// the way between nodes.
const (
	KindFound       grid.Kind = 0x0F01
	KindJoin        grid.Kind = 0x0F02
	KindStart       grid.Kind = 0x0F03
	KindDead        grid.Kind = 0x0F04
	KindLeave       grid.Kind = 0x0F05
	KindForget      grid.Kind = 0x0F06
	KindPlace       grid.Kind = 0x0F07
	KindReport      grid.Kind = 0x0F08
	KindSetLevel    grid.Kind = 0x0F09
	KindSetKeys     grid.Kind = 0x0F0A
	KindSetReplicas grid.Kind = 0x0F0B
	// KindTopology is the query []; the reply is [Topology.Append's bytes].
	KindTopology grid.Kind = 0x0F10
)

// Command is a change of the topology. Each may be proposed again when it is not known
// what became of it. All are answered by a Reply, or refused with a *fault.Error.
type Command interface {
	// Kind returns the number under which it is proposed.
	Kind() grid.Kind
	// Append appends the body, one msgpack array.
	Append(b []byte) []byte

	// decode reads the body; the cursor has the error.
	decode(in *pack.Cursor)
	// check says what is wrong with the fields by themselves.
	check() error
	// apply changes a topology that is the caller's, and says whether it did. It leaves it
	// as it was when it refuses.
	apply(t *Topology, at int64) (number uint32, changed bool, err error)
}

// Found begins a cluster: the founder is its first node, number 1, and holds the one
// replica of every shard. It is refused where another cluster was founded.
type Found struct {
	Cluster            grid.ID
	Incarnation, Nonce uint64
	Founder            Profile
	Level              uint64
	Replicas           int
	Table              *shard.Table
	Tokens             [][]byte
	Server             []byte
}

// Join gives an identity its number, which Reply.Number has; the same one each time. A
// dead or stopped node of the same peer address was this one before it lost its data: it
// is dead from then on, so that its replicas move.
type Join struct{ Profile }

// Start registers a start of a node: it is live.
type Start struct {
	Number             uint32
	Incarnation, Nonce uint64
	Profile            Profile
}

// DeclareDead says that a node is dead, if it is still the same incarnation.
type DeclareDead struct {
	Number      uint32
	Incarnation uint64
}

// Leave says that an incarnation was stopped and has ended its sessions.
type Leave struct {
	Number      uint32
	Incarnation uint64
}

// Forget removes a dead node that holds no replica. Who comes back with its identity is a
// stranger.
type Forget struct{ Number uint32 }

// Place says which nodes are to hold a shard's replicas. It is refused when they were
// changed after the version that it was decided on.
type Place struct {
	Shard    int
	Replicas []uint32 // by rising number
	Version  uint64
}

// Report tells the configuration that a leader found its group in; MetaGroup is the meta
// group's number. An older one than was reported changes nothing.
type Report struct {
	Shard         int
	Configuration Configuration
}

// SetLevel finalises a feature level: it only rises, and only to where the programs of all
// nodes that are not dead can work.
type SetLevel struct{ Level uint64 }

// SetKeys replaces the keys. It is refused when they were changed after the version that
// it was decided on.
type SetKeys struct {
	Tokens  [][]byte
	Server  []byte
	Version uint64
}

// SetReplicas says how many replicas shards should have. It is refused when that was
// changed after the version that it was decided on.
type SetReplicas struct {
	Replicas int
	Version  uint64
}

// Reply is what a command that was not refused answers.
type Reply struct {
	Version uint64 // of the topology afterwards
	Number  uint32 // of the node that the command was about; 0: about none
}

// Append appends the reply, [version, number].
func (r *Reply) Append(b []byte) []byte {
	b = pack.AppendArray(b, 2)
	b = pack.AppendUint(b, r.Version)
	return pack.AppendUint(b, uint64(r.Number))
}

// Decode reads what Append wrote.
func (r *Reply) Decode(b []byte) error {
	in := pack.NewCursor(b)
	more := in.Fields(2)
	r.Version, r.Number = in.Uint(), number(&in)
	return in.End(more)
}

// Decode reads a command's body, whatever a peer sent: an error is a *fault.Error or
// decodes to one (fault.Of).
func Decode(kind grid.Kind, body []byte) (Command, error) {
	c := blank(kind)
	if c == nil {
		return nil, fault.New(fault.Unimplemented,
			"the meta group has no command of kind %#04x; run a newer version", uint16(kind))
	}
	in := pack.NewCursor(body)
	c.decode(&in)
	if err := in.Done(); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	return c, nil
}

// blank returns a command of a kind to decode into, or nil.
func blank(kind grid.Kind) Command {
	switch kind {
	case KindFound:
		return &Found{}
	case KindJoin:
		return &Join{}
	case KindStart:
		return &Start{}
	case KindDead:
		return &DeclareDead{}
	case KindLeave:
		return &Leave{}
	case KindForget:
		return &Forget{}
	case KindPlace:
		return &Place{}
	case KindReport:
		return &Report{}
	case KindSetLevel:
		return &SetLevel{}
	case KindSetKeys:
		return &SetKeys{}
	case KindSetReplicas:
		return &SetReplicas{}
	}
	return nil
}
