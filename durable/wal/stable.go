package wal

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/thronggrid/throng/durable/disk"
)

// Limits of stable values and node settings.
const (
	KeyBytesMax   = 255
	ValueBytesMax = 1 << 20
)

// stableHeadBytes is the head of a stored value: version, checksum, seq.
const stableHeadBytes = disk.SealBytes + 8

// stable is a small set of values that must survive: a group's votes, or the
// node's settings. All of it is kept in memory; writes go to Pebble first. Each
// write takes the next seq of its set, so that the facts file can tell an old
// value from the newest.
type stable struct {
	prefix []byte
	name   string // for messages

	mu     sync.RWMutex
	values map[string]stableValue
	seq    uint64 // of the newest write on disk
}

type stableValue struct {
	seq  uint64
	data []byte // never changed once it is here
}

func newStable(prefix []byte, name string) *stable {
	return &stable{prefix: prefix, name: name, values: map[string]stableValue{}}
}

// get returns a copy of the value.
func (s *stable) get(key string) ([]byte, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	v, ok := s.values[key]
	if !ok {
		return nil, ErrNotFound
	}
	return append(make([]byte, 0, len(v.data)), v.data...), nil
}

// put adds the write of a value to ch. The caller holds the set's turn, commits
// ch and then calls keep.
func (s *stable) put(ch *change, key string, data []byte) error {
	if len(key) > KeyBytesMax || len(data) > ValueBytesMax {
		return fmt.Errorf("set %q of %s: %d bytes under a key of %d bytes; at most %d under %d",
			key, s.name, len(data), len(key), ValueBytesMax, KeyBytesMax)
	}
	ch.buf = append(append(ch.buf, s.prefix...), key...)
	ch.mark()
	begin := len(ch.buf)
	ch.buf = append(ch.buf, entryVersion, 0, 0, 0, 0)
	ch.buf = binary.LittleEndian.AppendUint64(ch.buf, s.seq+1)
	ch.buf = append(ch.buf, data...)
	disk.Seal(ch.buf[:begin], ch.buf[begin:])
	ch.mark()
	return nil
}

// keep takes over a value that put wrote and that is on disk now.
func (s *stable) keep(key string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
	s.values[key] = stableValue{s.seq, append([]byte(nil), data...)}
}

// load takes over a value read from disk, or says why it cannot be trusted.
func (s *stable) load(key, value []byte) (reason string) {
	switch {
	case len(value) < stableHeadBytes:
		return "it is cut short"
	case !disk.Sealed(key, value):
		return "its checksum does not match"
	case value[0] != entryVersion:
		return "its format is not known to this version of throng"
	}
	seq := binary.LittleEndian.Uint64(value[5:])
	name := string(key[len(s.prefix):])
	s.values[name] = stableValue{seq, append([]byte(nil), value[stableHeadBytes:]...)}
	s.seq = max(s.seq, seq)
	return ""
}

// facts lists the set for the facts file.
func (s *stable) facts() []keyFact {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var keys []keyFact
	for _, key := range slices.Sorted(maps.Keys(s.values)) {
		keys = append(keys, keyFact{key, s.values[key].seq})
	}
	return keys
}

// check compares the set with what the facts file says of it.
func (s *stable) check(keys []keyFact, clean bool) error {
	for _, k := range keys {
		v, ok := s.values[k.key]
		if !ok || v.seq < k.seq {
			return disk.Corrupt(s.name, fmt.Sprintf(
				"the newest value of %q is gone (write %d found, %d was acknowledged)",
				k.key, v.seq, k.seq))
		}
		if clean && v.seq > k.seq {
			return disk.Corrupt(s.name, fmt.Sprintf(
				"%q was written after the log was closed", k.key))
		}
	}
	if clean && len(keys) != len(s.values) {
		return disk.Corrupt(s.name, fmt.Sprintf(
			"%d values found, %d were there when it was closed", len(s.values), len(keys)))
	}
	return nil
}
