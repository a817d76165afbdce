package disk

import (
	"encoding/binary"
	"hash/crc32"
)

// SealBytes is the head of a sealed value: a byte of version, which is its
// writer's, and a checksum of 4 bytes.
const SealBytes = 1 + 4

// checksum is the crc32c of everything that a value says and of the key it is
// stored under, so that a value in the wrong place is noticed too.
// crc32.MakeTable returns the one table of the hardware implementation.
func checksum(key, value []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Update(0, table, key)
	sum = crc32.Update(sum, table, value[:1])
	return crc32.Update(sum, table, value[SealBytes:])
}

// Seal writes the checksum into a value that leaves room for it.
func Seal(key, value []byte) {
	binary.LittleEndian.PutUint32(value[1:], checksum(key, value))
}

// Sealed says whether a value carries the checksum of itself and its key.
func Sealed(key, value []byte) bool {
	return len(value) >= SealBytes &&
		binary.LittleEndian.Uint32(value[1:]) == checksum(key, value)
}
