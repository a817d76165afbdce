package backup

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/thronggrid/throng/grid/pack"
)

// Limits of the format.
const (
	BlockBytesMax = 256 << 10 // payload of one block
	PartsMax      = 2048      // parts of a backup
	NodeBytesMax  = 1 << 20   // the part of the node, and that of its keys
)

const (
	magic   = "thrgback"
	version = 1

	headBytes      = len(magic) + 1 + 8 + 4 // magic, version, made, checksum
	blockHeadBytes = 1 + 4 + 4              // kind, length, checksum
)

// The kinds of blocks.
const (
	blockBegin = 1
	blockData  = 2
	blockEnd   = 3
	blockIndex = 4
)

// CorruptionError says that a backup is not what was written.
type CorruptionError struct {
	File   string
	Detail string
}

func (e *CorruptionError) Error() string {
	return "the backup " + e.File + " is corrupt: " + e.Detail + "; take another copy of it, " +
		"or an earlier backup"
}

// Kind is what a part holds.
type Kind uint8

// The kinds of parts, in the order in which they come.
const (
	KindNode    Kind = 1
	KindShard   Kind = 2
	KindRecords Kind = 3
	KindKeys    Kind = 4
)

func (k Kind) String() string {
	switch k {
	case KindNode:
		return "node"
	case KindShard:
		return "shard"
	case KindRecords:
		return "records"
	case KindKeys:
		return "keys"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Part is one part of a backup. Offset and what follows it are known once it was read or
// written to its end.
type Part struct {
	Kind  Kind
	Shard uint64 // whose state it is; 0 for other kinds
	Term  uint64 // the point of the shard's log that its state shows
	Index uint64
	// Offset is where the part begins in the file.
	Offset uint64
	Bytes  uint64 // of its data as stored
	Rows   uint64 // of record tables
	Digest uint64 // of what it holds, the same wherever that is; 0 for node and keys
}

// Name says which part of its backup it is.
func (p Part) Name() string {
	if p.Kind == KindShard {
		return fmt.Sprintf("shard %d", p.Shard)
	}
	return p.Kind.String()
}

// follows says whether a part may come behind another; the zero Part stands for the begin
// of the file.
func (p Part) follows(before Part) bool {
	switch {
	case p.Kind == KindShard && before.Kind == KindShard:
		return p.Shard == before.Shard+1
	case p.Kind != KindShard && (p.Shard|p.Term|p.Index) != 0:
		return false
	case p.Kind == KindKeys:
		return before.Kind == KindRecords
	}
	return p.Shard == 0 && p.Kind == before.Kind+1
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// appendHead appends the head of a file that was begun at a time, µs.
func appendHead(b []byte, made int64) (head []byte, seed uint32) {
	start := len(b)
	b = append(append(b, magic...), version)
	b = binary.LittleEndian.AppendUint64(b, uint64(made))
	seed = crc32.Checksum(b[start:], castagnoli())
	return binary.LittleEndian.AppendUint32(b, seed), seed
}

// decodeHead reads what appendHead wrote. A reason other than "" says why it cannot be
// trusted.
func decodeHead(b []byte) (made int64, seed uint32, reason string) {
	at := len(magic)
	seed = crc32.Checksum(b[:headBytes-4], castagnoli())
	switch {
	case string(b[:at]) != magic:
		return 0, 0, "it does not begin as a backup does"
	case seed != binary.LittleEndian.Uint32(b[headBytes-4:]):
		return 0, 0, "the checksum of its head does not match"
	}
	return int64(binary.LittleEndian.Uint64(b[at+1:])), seed, ""
}

// blockSum is the checksum of the block with a number, counted from 0.
func blockSum(seed uint32, number uint64, kind byte, payload []byte) uint32 {
	var fixed [13]byte
	binary.LittleEndian.PutUint64(fixed[:], number)
	fixed[8] = kind
	binary.LittleEndian.PutUint32(fixed[9:], uint32(len(payload)))
	return crc32.Update(crc32.Update(seed, castagnoli(), fixed[:]), castagnoli(), payload)
}

// Fields of the values in blocks.
const (
	beginFields = 4
	endFields   = 3
	indexFields = 4
	partFields  = 8
)

func (p Part) appendBegin(b []byte) []byte {
	return appendUints(b, uint64(p.Kind), p.Shard, p.Term, p.Index)
}

func (p *Part) decodeBegin(in *pack.Cursor) {
	kind := in.Uint()
	if kind > uint64(KindKeys) {
		kind = 0 // which follows nothing
	}
	p.Kind, p.Shard, p.Term, p.Index = Kind(kind), in.Uint(), in.Uint(), in.Uint()
}

func (p Part) appendEnd(b []byte) []byte { return appendUints(b, p.Bytes, p.Rows, p.Digest) }

// appendIndex appends the index over all parts and the number of blocks before it.
func appendIndex(b []byte, parts []Part, blocks uint64) []byte {
	var bytes uint64
	for _, p := range parts {
		bytes += p.Bytes
	}
	b = pack.AppendArray(b, indexFields)
	b = pack.AppendUint(b, uint64(len(parts)))
	b = pack.AppendUint(b, blocks)
	b = pack.AppendUint(b, bytes)
	b = pack.AppendArray(b, len(parts))
	for _, p := range parts {
		b = appendUints(b, uint64(p.Kind), p.Shard, p.Term, p.Index,
			p.Offset, p.Bytes, p.Rows, p.Digest)
	}
	return b
}

// appendUints appends an array of numbers.
func appendUints(b []byte, values ...uint64) []byte {
	b = pack.AppendArray(b, len(values))
	for _, v := range values {
		b = pack.AppendUint(b, v)
	}
	return b
}

// Begins says whether b, at least 8 bytes of a file, is how a backup begins.
func Begins(b []byte) bool { return bytes.HasPrefix(b, []byte(magic)) }
