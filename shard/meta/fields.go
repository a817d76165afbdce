package meta

import (
	"bytes"

	"github.com/thronggrid/throng/grid/pack"
)

// append appends [identity, peer, client, HTTP, zone, lowest level, highest level].
func (p *Profile) append(b []byte) []byte {
	b = pack.AppendBytes(pack.AppendArray(b, 7), p.Identity[:])
	b = pack.AppendString(b, p.Peer)
	b = pack.AppendString(b, p.Client)
	b = pack.AppendString(b, p.HTTP)
	b = pack.AppendString(b, p.Zone)
	b = pack.AppendUint(b, p.LevelMin)
	return pack.AppendUint(b, p.LevelMax)
}

func (p *Profile) decode(in *pack.Cursor) {
	more := in.Fields(7)
	decodeID(in, p.Identity[:])
	p.Peer, p.Client, p.HTTP = string(in.String()), string(in.String()), string(in.String())
	p.Zone = string(in.String())
	p.LevelMin, p.LevelMax = in.Uint(), in.Uint()
	_ = in.End(more)
}

// append appends [term, index, [voter…], [learner…]].
func (c *Configuration) append(b []byte) []byte {
	b = pack.AppendUint(pack.AppendArray(b, 4), c.Term)
	b = pack.AppendUint(b, c.Index)
	return appendNumbers(appendNumbers(b, c.Voters), c.Learners)
}

func (c *Configuration) decode(in *pack.Cursor) {
	more := in.Fields(4)
	c.Term, c.Index = in.Uint(), in.Uint()
	c.Voters, c.Learners = decodeNumbers(in), decodeNumbers(in)
	_ = in.End(more)
}

func appendNumbers(b []byte, numbers []uint32) []byte {
	b = pack.AppendArray(b, len(numbers))
	for _, n := range numbers {
		b = pack.AppendUint(b, uint64(n))
	}
	return b
}

// decodeNumbers reads an array that is no longer than its bytes; nil when it is empty.
func decodeNumbers(in *pack.Cursor) []uint32 {
	var numbers []uint32
	for range in.Array() {
		numbers = append(numbers, number(in))
	}
	return numbers
}

// appendKeys appends [key…].
func appendKeys(b []byte, keys [][]byte) []byte {
	b = pack.AppendArray(b, len(keys))
	for _, k := range keys {
		b = pack.AppendBytes(b, k)
	}
	return b
}

func decodeKeys(in *pack.Cursor) [][]byte {
	var keys [][]byte
	for range in.Array() {
		keys = append(keys, clone(in.Bytes()))
	}
	return keys
}

// clone copies a view; nil when it is empty.
func clone(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return bytes.Clone(b)
}

// decodeID reads 16 bytes; of another length they stay zero, which check refuses.
func decodeID(in *pack.Cursor, id []byte) {
	if b := in.Bytes(); len(b) == len(id) {
		copy(id, b)
	}
}
