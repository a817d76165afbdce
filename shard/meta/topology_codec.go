package meta

import (
	"bytes"
	"fmt"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/shard"
)

// topologyFormat is the version of what Append writes.
const topologyFormat = 1

// Append appends the topology as it is stored and sent; the package comment has the form.
func (t *Topology) Append(b []byte) []byte {
	out := bytes.NewBuffer(b)
	e := pack.NewEncoder(out)
	t.encode(e)
	// A buffer takes all, and no value comes near pack.ValueBytesMax: limits see to it.
	if err := e.Flush(); err != nil {
		panic(fmt.Sprintf("encode a topology: %v", err))
	}
	return out.Bytes()
}

func (t *Topology) encode(e *pack.Encoder) {
	b := pack.AppendUint(pack.AppendArray(e.Begin(), 9), topologyFormat)
	b = pack.AppendUint(b, t.Version)
	b = pack.AppendBytes(b, t.Cluster[:])
	b = pack.AppendUint(b, t.Level)
	b = pack.AppendUint(b, uint64(t.Replicas))
	b = pack.AppendUint(b, t.replicasSet)
	b = pack.AppendUint(b, uint64(t.Numbers))
	b = pack.AppendUint(b, uint64(len(t.Nodes)))
	e.End(pack.AppendUint(b, uint64(len(t.Shards))))
	b = appendKeys(pack.AppendArray(e.Begin(), 3), t.Keys.Tokens)
	e.End(pack.AppendUint(pack.AppendBytes(b, t.Keys.Server), t.Keys.Set))
	e.End(t.Meta.append(e.Begin()))
	b = pack.AppendArray(e.Begin(), len(t.forgotten))
	for _, o := range t.forgotten {
		b = pack.AppendUint(b, uint64(o))
	}
	e.End(b)
	if t.Table != nil {
		e.End(t.Table.Append(e.Begin()))
	}
	for i := range t.Nodes {
		e.End(t.Nodes[i].append(e.Begin()))
	}
	for i := range t.Shards {
		s := &t.Shards[i]
		b := appendNumbers(pack.AppendArray(e.Begin(), 3), s.Replicas)
		e.End(s.Configuration.append(pack.AppendUint(b, s.Placed)))
	}
}

func (n *Node) append(b []byte) []byte {
	b = pack.AppendUint(pack.AppendArray(b, 6), uint64(n.Number))
	b = pack.AppendUint(b, n.Incarnation)
	b = pack.AppendUint(b, n.Nonce)
	b = pack.AppendUint(b, uint64(n.State))
	return n.Profile.append(pack.AppendInt(b, n.Since))
}

// DecodeTopology reads what Append wrote, whoever sent it.
func DecodeTopology(b []byte) (*Topology, error) {
	t, err := decodeTopology(pack.NewDecoder(bytes.NewReader(b)))
	if err != nil {
		return nil, fmt.Errorf("decode a topology: %w", err)
	}
	return t, nil
}

func decodeTopology(d *pack.Decoder) (*Topology, error) {
	t := &Topology{}
	nodes, shards, err := t.decodeHead(d)
	if err != nil {
		return nil, err
	}
	if shards > 0 {
		if t.Table, err = shard.DecodeTable(d.Next().Raw()); err != nil {
			return nil, err
		}
		if t.Table.Shards() != shards {
			return nil, fmt.Errorf("%d shards, and %d in the slot table", shards, t.Table.Shards())
		}
	}
	var last uint32
	for range nodes {
		n, err := decodeNode(d.Next())
		if err != nil {
			return nil, err
		}
		if n.Number <= last || n.Number > t.Numbers {
			return nil, fmt.Errorf("node %d stands behind node %d, of %d",
				n.Number, last, t.Numbers)
		}
		last = n.Number
		t.Nodes = append(t.Nodes, n)
	}
	for range shards {
		s, err := decodeShard(d.Next())
		if err != nil {
			return nil, err
		}
		t.Shards = append(t.Shards, s)
	}
	return t, d.Done()
}

// decodeHead reads what comes before the table, and how much comes behind it.
func (t *Topology) decodeHead(d *pack.Decoder) (nodes, shards int, err error) {
	in := d.Next()
	more := in.Fields(9)
	format := in.Uint()
	t.Version = in.Uint()
	decodeID(in, t.Cluster[:])
	t.Level, t.Replicas, t.replicasSet = in.Uint(), small(in), in.Uint()
	t.Numbers, nodes, shards = number(in), small(in), small(in)
	if err := in.End(more); err != nil {
		return 0, 0, err
	}
	if format != topologyFormat {
		return 0, 0, fmt.Errorf("format %d, this program reads %d; run a newer one",
			format, topologyFormat)
	}
	if nodes > NodesMax || shards > shard.ShardsMax {
		return 0, 0, fmt.Errorf("%d nodes and %d shards: at most %d and %d",
			nodes, shards, NodesMax, shard.ShardsMax)
	}
	in = d.Next()
	more = in.Fields(3)
	t.Keys = Keys{Tokens: decodeKeys(in), Server: clone(in.Bytes()), Set: in.Uint()}
	if err := in.End(more); err != nil {
		return 0, 0, err
	}
	if err := t.checkSettings(shards > 0); err != nil {
		return 0, 0, err
	}
	t.Meta.decode(d.Next())
	if err := t.Meta.checkStored(); err != nil {
		return 0, 0, err
	}
	return nodes, shards, t.decodeFloors(d.Next())
}

// checkSettings checks what a cluster has once it was founded, and not before.
func (t *Topology) checkSettings(founded bool) error {
	if !founded {
		if t.Version > 0 || len(t.Keys.Tokens)+len(t.Keys.Server) > 0 {
			return fmt.Errorf("version %d of a cluster without shards", t.Version)
		}
		return nil
	}
	if err := checkReplicas(t.Replicas); err != nil {
		return err
	}
	return checkKeys(t.Keys.Tokens, t.Keys.Server)
}

func (t *Topology) decodeFloors(in *pack.Cursor) error {
	var last uint32
	for range in.Array() {
		o := grid.Origin(in.Uint())
		if n := o.Node(); n <= last || n > NumberMax {
			return fmt.Errorf("the floor of node %d stands behind that of node %d", n, last)
		}
		last = o.Node()
		t.forgotten = append(t.forgotten, o)
	}
	return in.Err()
}

// checkStored is check, but for a group of which nothing was reported yet.
func (c *Configuration) checkStored() error {
	if len(c.Voters) == 0 && len(c.Learners) == 0 {
		return nil
	}
	return c.check()
}

func decodeNode(in *pack.Cursor) (n Node, err error) {
	more := in.Fields(6)
	n.Number, n.Incarnation, n.Nonce = number(in), in.Uint(), in.Uint()
	n.State, n.Since = State(min(in.Uint(), 0xff)), in.Int()
	n.Profile.decode(in)
	if err := in.End(more); err != nil {
		return n, err
	}
	if n.State < Joining || n.State > Left {
		return n, fmt.Errorf("node %d is in state %d; run a newer program", n.Number, n.State)
	}
	return n, n.Profile.check()
}

func decodeShard(in *pack.Cursor) (s Shard, err error) {
	more := in.Fields(3)
	s.Replicas, s.Placed = decodeNumbers(in), in.Uint()
	s.Configuration.decode(in)
	if err := in.End(more); err != nil {
		return s, err
	}
	if n := len(s.Replicas); n < 1 || n > ReplicasMax {
		return s, fmt.Errorf("a shard of %d replicas, want 1 to %d", n, ReplicasMax)
	}
	if err := s.Configuration.checkStored(); err != nil {
		return s, err
	}
	return s, checkRising(s.Replicas)
}
