package wal

import (
	"encoding/binary"
	"math"
)

// Keys in Pebble: see doc.go. Big-endian, so that entries lie in order.
const (
	firstPrefix   = 'F'
	entryPrefix   = 'L'
	stablePrefix  = 'S'
	settingPrefix = 'N'
)

const entryKeyBytes = 1 + 4 + 8

func appendEntryKey(b []byte, group uint32, index uint64) []byte {
	b = append(b, entryPrefix)
	b = binary.BigEndian.AppendUint32(b, group)
	return binary.BigEndian.AppendUint64(b, index)
}

// appendEntryEnd appends the first key after the entry at index.
func appendEntryEnd(b []byte, group uint32, index uint64) []byte {
	if index == math.MaxUint64 {
		return append(appendEntryKey(b, group, index), 0)
	}
	return appendEntryKey(b, group, index+1)
}

func parseEntryKey(key []byte) (group uint32, index uint64, ok bool) {
	if len(key) != entryKeyBytes || key[0] != entryPrefix {
		return 0, 0, false
	}
	return binary.BigEndian.Uint32(key[1:]), binary.BigEndian.Uint64(key[5:]), true
}

func appendFirstKey(b []byte, group uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, firstPrefix), group)
}

func appendStablePrefix(b []byte, group uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, stablePrefix), group)
}

func groupOf(key []byte) uint32 { return binary.BigEndian.Uint32(key[1:]) }
