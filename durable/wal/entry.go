package wal

import (
	"encoding/binary"
	"time"

	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/durable/disk"
)

// entryVersion is the format of a stored entry; it is its first byte.
const entryVersion = 1

// entryHeadBytes is the fixed part of an entry: version, checksum, type.
const entryHeadBytes = disk.SealBytes + 1

// appendEntry appends the stored form of e for the given key.
func appendEntry(b, key []byte, e *raft.Log) []byte {
	start := len(b)
	b = append(b, entryVersion, 0, 0, 0, 0, byte(e.Type))
	b = binary.AppendUvarint(b, e.Term)
	b = binary.AppendUvarint(b, nanos(e.AppendedAt))
	b = binary.AppendUvarint(b, uint64(len(e.Data)))
	b = append(b, e.Data...)
	b = append(b, e.Extensions...)
	disk.Seal(key, b[start:])
	return b
}

// nanos keeps raft's informational time stamp; the zero time is 0.
func nanos(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.UnixNano())
}

// decodeEntry fills e from the value stored under key. It copies what it hands
// out, so that nobody shares memory with the log. A reason other than "" says
// why the value cannot be trusted, and e is not touched then.
func decodeEntry(key, value []byte, e *raft.Log) (reason string) {
	if reason := verifyEntry(key, value); reason != "" {
		return reason
	}
	_, index, _ := parseEntryKey(key)
	rest := value[entryHeadBytes:]
	term, rest, ok1 := uvarint(rest)
	at, rest, ok2 := uvarint(rest)
	size, rest, ok3 := uvarint(rest)
	if !ok1 || !ok2 || !ok3 || size > uint64(len(rest)) {
		return "its lengths do not fit"
	}
	*e = raft.Log{Index: index, Term: term, Type: raft.LogType(value[5])}
	if at != 0 {
		e.AppendedAt = time.Unix(0, int64(at))
	}
	// One allocation serves both: Data is capped so that it cannot grow into
	// Extensions.
	body := append([]byte(nil), rest...)
	if size > 0 {
		e.Data = body[:size:size]
	}
	if size < uint64(len(body)) {
		e.Extensions = body[size:]
	}
	return ""
}

// verifyEntry says why the value stored under key cannot be trusted, or "".
func verifyEntry(key, value []byte) (reason string) {
	switch {
	case len(key) != entryKeyBytes:
		return "its key is malformed"
	case len(value) < entryHeadBytes:
		return "it is cut short"
	case !disk.Sealed(key, value):
		return "its checksum does not match"
	case value[0] != entryVersion:
		return "its format is not known to this version of throng"
	}
	return ""
}

func uvarint(b []byte) (v uint64, rest []byte, ok bool) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, false
	}
	return v, b[n:], true
}
