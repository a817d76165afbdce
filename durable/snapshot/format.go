package snapshot

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/hashicorp/raft"
)

// Limits of the format.
const (
	BlockBytesMax = 64 << 10 // payload of one block
	MetaBytesMax  = 1 << 20  // meta, which is mostly the configuration
)

const (
	magic   = "thrgsnap"
	version = 1

	headBytes    = len(magic) + 1 + 4 + 4 // magic, version, meta length, checksum
	metaBytes    = 4 + 8 + 8 + 8          // group, index, term, configuration index
	blockBytes   = 4 + 4                  // length, checksum
	trailerBytes = blockBytes + 8 + 8     // length 0, checksum, blocks, payload bytes
)

// CorruptionError says that a snapshot file is not what was written.
type CorruptionError struct {
	File   string
	Detail string
}

func (e *CorruptionError) Error() string {
	return "the snapshot " + e.File + " is corrupt: " + e.Detail +
		"; restore this node from its peers or from a copy of its data directory"
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// appendHead appends a file's head. Its checksum is the seed of all others in
// the file, so that no block can stand in for one of another snapshot.
func appendHead(b []byte, group uint32, m *raft.SnapshotMeta) (head []byte, seed uint32) {
	start := len(b)
	configuration := raft.EncodeConfiguration(m.Configuration)
	b = append(append(b, magic...), version)
	b = binary.LittleEndian.AppendUint32(b, uint32(metaBytes+len(configuration)))
	b = append(b, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, group)
	b = binary.LittleEndian.AppendUint64(b, m.Index)
	b = binary.LittleEndian.AppendUint64(b, m.Term)
	b = binary.LittleEndian.AppendUint64(b, m.ConfigurationIndex)
	b = append(b, configuration...)
	seed = headSum(b[start:])
	binary.LittleEndian.PutUint32(b[start+headBytes-4:], seed)
	return b, seed
}

func headSum(b []byte) uint32 {
	sum := crc32.Update(0, castagnoli(), b[:headBytes-4])
	return crc32.Update(sum, castagnoli(), b[headBytes:])
}

// metaLength reads the fixed part of a head. A reason other than "" says why it
// cannot be trusted.
func metaLength(b []byte) (n int, reason string) {
	switch {
	case string(b[:len(magic)]) != magic:
		return 0, "it does not begin as a snapshot does"
	case b[len(magic)] > version:
		return 0, fmt.Sprintf("its format %d is not known to this version of throng, "+
			"which reads %d", b[len(magic)], version)
	}
	n = int(binary.LittleEndian.Uint32(b[len(magic)+1:]))
	if n < metaBytes || n > MetaBytesMax {
		return 0, "the length of its head does not fit"
	}
	return n, ""
}

// decodeHead reads a whole head.
func decodeHead(b []byte) (m raft.SnapshotMeta, group, seed uint32, reason string) {
	seed = binary.LittleEndian.Uint32(b[headBytes-4:])
	if seed != headSum(b) {
		return m, 0, 0, "the checksum of its head does not match"
	}
	if b[len(magic)] != version {
		return m, 0, 0, "its format is not known to this version of throng"
	}
	meta := b[headBytes:]
	group = binary.LittleEndian.Uint32(meta)
	m.Version = raft.SnapshotVersionMax
	m.Index = binary.LittleEndian.Uint64(meta[4:])
	m.Term = binary.LittleEndian.Uint64(meta[12:])
	m.ConfigurationIndex = binary.LittleEndian.Uint64(meta[20:])
	if m.Configuration, reason = decodeConfiguration(meta[metaBytes:]); reason != "" {
		return m, 0, 0, reason
	}
	return m, group, seed, ""
}

// decodeConfiguration guards raft's decoder, which panics.
func decodeConfiguration(b []byte) (c raft.Configuration, reason string) {
	defer func() {
		if r := recover(); r != nil {
			reason = fmt.Sprintf("its configuration cannot be decoded (%v)", r)
		}
	}()
	return raft.DecodeConfiguration(b), ""
}

// blockSum is the checksum of the block with the given number, counted from 0;
// tail is what follows the checksum in the file.
func blockSum(seed uint32, number uint64, length uint32, tail []byte) uint32 {
	var fixed [12]byte
	binary.LittleEndian.PutUint64(fixed[:], number)
	binary.LittleEndian.PutUint32(fixed[8:], length)
	sum := crc32.Update(seed, castagnoli(), fixed[:])
	return crc32.Update(sum, castagnoli(), tail)
}

// sealBlock fills in the head of a block whose payload lies behind it.
func sealBlock(b []byte, seed uint32, number uint64) {
	length := uint32(len(b) - blockBytes)
	binary.LittleEndian.PutUint32(b, length)
	binary.LittleEndian.PutUint32(b[4:], blockSum(seed, number, length, b[blockBytes:]))
}

// trailer says how a file ends: a block of length 0, with the totals.
type trailer struct{ blocks, bytes uint64 }

func (t trailer) encode(seed uint32) []byte {
	b := make([]byte, blockBytes, trailerBytes)
	b = binary.LittleEndian.AppendUint64(b, t.blocks)
	b = binary.LittleEndian.AppendUint64(b, t.bytes)
	binary.LittleEndian.PutUint32(b[4:], blockSum(seed, t.blocks, 0, b[blockBytes:]))
	return b
}

func decodeTrailer(b []byte, seed uint32) (t trailer, reason string) {
	t.blocks = binary.LittleEndian.Uint64(b[blockBytes:])
	t.bytes = binary.LittleEndian.Uint64(b[blockBytes+8:])
	sum := blockSum(seed, t.blocks, 0, b[blockBytes:])
	if binary.LittleEndian.Uint32(b) != 0 || binary.LittleEndian.Uint32(b[4:]) != sum {
		return t, "it does not end as a whole snapshot does"
	}
	return t, ""
}

// Begins says whether b, at least 8 bytes of a file, is how a snapshot begins.
func Begins(b []byte) bool { return bytes.HasPrefix(b, []byte(magic)) }
