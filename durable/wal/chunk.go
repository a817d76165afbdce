package wal

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// chunkBlockBytes is the size of the blocks that chunks do not cross.
const chunkBlockBytes = 32 << 10

// chunkFormat describes the chunks of one kind of file, as Pebble's package
// record specifies them.
type chunkFormat struct {
	numbered  bool   // heads carry the number of their file
	number    uint32 // which it is
	headBytes int    // of the longest head
}

// walChunks are the chunks of a WAL file, types 5 to 12. Those from 9 on have a
// longer head; the first file of a new store has none of them yet.
func walChunks(number uint32) chunkFormat {
	return chunkFormat{numbered: true, number: number, headBytes: 19}
}

// manifestChunks are the chunks of a manifest, types 1 to 4.
func manifestChunks() chunkFormat { return chunkFormat{headBytes: 7} }

// head returns the size of the head of a chunk by its type, 0 if there is no
// such chunk in this kind of file.
func (f chunkFormat) head(kind byte) int {
	switch {
	case !f.numbered && kind >= 1 && kind <= 4:
		return 7
	case f.numbered && kind >= 5 && kind <= 8:
		return 11
	case f.numbered && kind >= 9 && kind <= 12:
		return 19
	}
	return 0
}

// begins says whether a chunk of this type is the first or only one of its
// record.
func begins(kind byte) bool { return kind%4 == 1 || kind%4 == 2 }

// chunk returns the length of the chunk at the start of b, which is the rest of
// a block, and whether it is whole.
func (f chunkFormat) chunk(b []byte) (length int, whole bool) {
	if len(b) < 7 {
		return 0, false
	}
	head := f.head(b[6])
	if head == 0 || len(b) < head {
		return 0, false
	}
	if f.numbered && binary.LittleEndian.Uint32(b[7:]) != f.number {
		return 0, false
	}
	length = head + int(binary.LittleEndian.Uint16(b[4:]))
	if length > len(b) {
		return 0, false
	}
	sum := crc32.Checksum(b[6:length], crc32.MakeTable(crc32.Castagnoli))
	return length, binary.LittleEndian.Uint32(b) == (sum>>15|sum<<17)+0xa282ead8
}

// blockPadding is the room at the end of a block that no chunk fits into; it is
// filled with zeros.
func blockPadding(b []byte, headBytes int) bool {
	if len(b) >= headBytes {
		return false
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// misnumbered says whether the chunk at the start of b is whole but for its
// number, which is the next file's: Pebble takes that number alone for the mark
// at the end of a closed file.
func (f chunkFormat) misnumbered(b []byte) bool {
	if !f.numbered || len(b) < 11 || binary.LittleEndian.Uint32(b[7:]) != f.number+1 {
		return false
	}
	b = bytes.Clone(b)
	binary.LittleEndian.PutUint32(b[7:], f.number)
	_, whole := f.chunk(b)
	return whole
}

// damage returns where in a file the whole chunks end, if that is not an end
// that a crash or Close can have left.
func (f chunkFormat) damage(b []byte) (offset int, found bool) {
	end := f.wholeUpTo(b)
	if f.misnumbered(restOfBlock(b, end)) {
		return end, true
	}
	for off := end + 1; off < len(b); off++ {
		if f.numbered { // the number is a quick way to the next candidate
			number := binary.LittleEndian.AppendUint32(nil, f.number)
			next := bytes.Index(b[min(len(b), off+7):], number)
			if next < 0 {
				return 0, false
			}
			off += next
		}
		block := restOfBlock(b, off)
		if _, whole := f.chunk(block); whole && begins(block[6]) {
			return end, true
		}
	}
	return 0, false
}

func restOfBlock(b []byte, off int) []byte {
	return b[off:min(len(b), (off/chunkBlockBytes+1)*chunkBlockBytes)]
}

// wholeUpTo returns where the first chunk that is not whole begins.
func (f chunkFormat) wholeUpTo(b []byte) int {
	off := 0
	for off < len(b) {
		block := restOfBlock(b, off)
		length, whole := f.chunk(block)
		switch {
		case whole:
			off += length
		case blockPadding(block, f.headBytes) && off+len(block) < len(b):
			off += len(block)
		default:
			return off
		}
	}
	return off
}
