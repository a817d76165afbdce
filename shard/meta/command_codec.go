package meta

import (
	"math"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/shard"
)

// Kind returns KindFound.
func (c *Found) Kind() grid.Kind { return KindFound }

// Append appends [cluster, incarnation, nonce, profile, level, replicas, table, [token
// key…], server key].
func (c *Found) Append(b []byte) []byte {
	b = pack.AppendBytes(pack.AppendArray(b, 9), c.Cluster[:])
	b = pack.AppendUint(b, c.Incarnation)
	b = pack.AppendUint(b, c.Nonce)
	b = c.Founder.append(b)
	b = pack.AppendUint(b, c.Level)
	b = pack.AppendUint(b, uint64(c.Replicas))
	b = c.Table.Append(b)
	return pack.AppendBytes(appendKeys(b, c.Tokens), c.Server)
}

func (c *Found) decode(in *pack.Cursor) {
	more := in.Fields(9)
	decodeID(in, c.Cluster[:])
	c.Incarnation, c.Nonce = in.Uint(), in.Uint()
	c.Founder.decode(in)
	c.Level, c.Replicas = in.Uint(), small(in)
	// What is no table is nil, which check refuses.
	c.Table, _ = shard.DecodeTable(in.Raw())
	c.Tokens, c.Server = decodeKeys(in), clone(in.Bytes())
	_ = in.End(more)
}

// Kind returns KindJoin.
func (c *Join) Kind() grid.Kind { return KindJoin }

// Append appends [profile].
func (c *Join) Append(b []byte) []byte { return c.Profile.append(pack.AppendArray(b, 1)) }

func (c *Join) decode(in *pack.Cursor) {
	more := in.Fields(1)
	c.Profile.decode(in)
	_ = in.End(more)
}

// Kind returns KindStart.
func (c *Start) Kind() grid.Kind { return KindStart }

// Append appends [number, incarnation, nonce, profile].
func (c *Start) Append(b []byte) []byte {
	b = pack.AppendUint(pack.AppendArray(b, 4), uint64(c.Number))
	b = pack.AppendUint(b, c.Incarnation)
	b = pack.AppendUint(b, c.Nonce)
	return c.Profile.append(b)
}

func (c *Start) decode(in *pack.Cursor) {
	more := in.Fields(4)
	c.Number, c.Incarnation, c.Nonce = number(in), in.Uint(), in.Uint()
	c.Profile.decode(in)
	_ = in.End(more)
}

// Kind returns KindDead.
func (c *DeclareDead) Kind() grid.Kind { return KindDead }

// Append appends [number, incarnation].
func (c *DeclareDead) Append(b []byte) []byte { return appendPair(b, c.Number, c.Incarnation) }

func (c *DeclareDead) decode(in *pack.Cursor) { c.Number, c.Incarnation = decodePair(in) }

// Kind returns KindLeave.
func (c *Leave) Kind() grid.Kind { return KindLeave }

// Append appends [number, incarnation].
func (c *Leave) Append(b []byte) []byte { return appendPair(b, c.Number, c.Incarnation) }

func (c *Leave) decode(in *pack.Cursor) { c.Number, c.Incarnation = decodePair(in) }

func appendPair(b []byte, number uint32, incarnation uint64) []byte {
	b = pack.AppendUint(pack.AppendArray(b, 2), uint64(number))
	return pack.AppendUint(b, incarnation)
}

func decodePair(in *pack.Cursor) (node uint32, incarnation uint64) {
	more := in.Fields(2)
	node, incarnation = number(in), in.Uint()
	_ = in.End(more)
	return node, incarnation
}

// Kind returns KindForget.
func (c *Forget) Kind() grid.Kind { return KindForget }

// Append appends [number].
func (c *Forget) Append(b []byte) []byte {
	return pack.AppendUint(pack.AppendArray(b, 1), uint64(c.Number))
}

func (c *Forget) decode(in *pack.Cursor) {
	more := in.Fields(1)
	c.Number = number(in)
	_ = in.End(more)
}

// Kind returns KindPlace.
func (c *Place) Kind() grid.Kind { return KindPlace }

// Append appends [shard, [replica…], version].
func (c *Place) Append(b []byte) []byte {
	b = pack.AppendUint(pack.AppendArray(b, 3), uint64(c.Shard))
	b = appendNumbers(b, c.Replicas)
	return pack.AppendUint(b, c.Version)
}

func (c *Place) decode(in *pack.Cursor) {
	more := in.Fields(3)
	c.Shard, c.Replicas, c.Version = small(in), decodeNumbers(in), in.Uint()
	_ = in.End(more)
}

// Kind returns KindReport.
func (c *Report) Kind() grid.Kind { return KindReport }

// Append appends [shard, configuration].
func (c *Report) Append(b []byte) []byte {
	b = pack.AppendUint(pack.AppendArray(b, 2), uint64(c.Shard))
	return c.Configuration.append(b)
}

func (c *Report) decode(in *pack.Cursor) {
	more := in.Fields(2)
	c.Shard = small(in)
	c.Configuration.decode(in)
	_ = in.End(more)
}

// Kind returns KindSetLevel.
func (c *SetLevel) Kind() grid.Kind { return KindSetLevel }

// Append appends [level].
func (c *SetLevel) Append(b []byte) []byte {
	return pack.AppendUint(pack.AppendArray(b, 1), c.Level)
}

func (c *SetLevel) decode(in *pack.Cursor) {
	more := in.Fields(1)
	c.Level = in.Uint()
	_ = in.End(more)
}

// Kind returns KindSetKeys.
func (c *SetKeys) Kind() grid.Kind { return KindSetKeys }

// Append appends [[token key…], server key, version].
func (c *SetKeys) Append(b []byte) []byte {
	b = appendKeys(pack.AppendArray(b, 3), c.Tokens)
	return pack.AppendUint(pack.AppendBytes(b, c.Server), c.Version)
}

func (c *SetKeys) decode(in *pack.Cursor) {
	more := in.Fields(3)
	c.Tokens, c.Server, c.Version = decodeKeys(in), clone(in.Bytes()), in.Uint()
	_ = in.End(more)
}

// Kind returns KindSetReplicas.
func (c *SetReplicas) Kind() grid.Kind { return KindSetReplicas }

// Append appends [replicas, version].
func (c *SetReplicas) Append(b []byte) []byte {
	b = pack.AppendUint(pack.AppendArray(b, 2), uint64(c.Replicas))
	return pack.AppendUint(b, c.Version)
}

func (c *SetReplicas) decode(in *pack.Cursor) {
	more := in.Fields(2)
	c.Replicas, c.Version = small(in), in.Uint()
	_ = in.End(more)
}

// small consumes a number that check bounds; one that is too large for it stays so.
func small(in *pack.Cursor) int { return int(min(in.Uint(), math.MaxInt32)) }

// number consumes a node's number; one that is too large is 0, which no node has.
func number(in *pack.Cursor) uint32 {
	if n := in.Uint(); n <= NumberMax {
		return uint32(n)
	}
	return 0
}
