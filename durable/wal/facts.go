package wal

import (
	"encoding/binary"
	"hash/crc32"
)

// facts is what the facts file says: how far each group's log and each stable
// value had come when it was written. It is the second witness beside Pebble:
// see doc.go for what it proves.
type facts struct {
	clean    bool // written by Close: the log is exactly so, not at least so
	settings []keyFact
	groups   []groupFacts
}

type groupFacts struct {
	group       uint32
	first, last uint64
	stable      []keyFact
}

// keyFact says that key had been written at least seq changes in.
type keyFact struct {
	key string
	seq uint64
}

const (
	factsMagic     = "thrglogs"
	factsHeadBytes = len(factsMagic) + 1 + 4 + 1 // magic, version, checksum, clean
)

// formatVersion is the version of everything this package stores. A data
// directory with a higher one is refused.
const formatVersion = 1

func factsSum(b []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	n := len(factsMagic) + 1
	return crc32.Update(crc32.Update(0, table, b[:n]), table, b[n+4:])
}

func (f facts) encode() []byte {
	b := append([]byte(factsMagic), formatVersion, 0, 0, 0, 0, 0)
	if f.clean {
		b[len(b)-1] = 1
	}
	b = appendKeyFacts(b, f.settings)
	b = binary.AppendUvarint(b, uint64(len(f.groups)))
	for _, g := range f.groups {
		for _, v := range []uint64{uint64(g.group), g.first, g.last} {
			b = binary.AppendUvarint(b, v)
		}
		b = appendKeyFacts(b, g.stable)
	}
	binary.LittleEndian.PutUint32(b[len(factsMagic)+1:], factsSum(b))
	return b
}

func appendKeyFacts(b []byte, keys []keyFact) []byte {
	b = binary.AppendUvarint(b, uint64(len(keys)))
	for _, k := range keys {
		b = binary.AppendUvarint(b, uint64(len(k.key)))
		b = append(b, k.key...)
		b = binary.AppendUvarint(b, k.seq)
	}
	return b
}

// decodeFacts reads what encode wrote. A reason other than "" says why the
// bytes cannot be trusted.
func decodeFacts(b []byte) (f facts, reason string) {
	switch {
	case len(b) < factsHeadBytes || string(b[:len(factsMagic)]) != factsMagic:
		return f, "it does not begin as such a file does"
	case b[len(factsMagic)] != formatVersion:
		return f, "its version is not known"
	case binary.LittleEndian.Uint32(b[len(factsMagic)+1:]) != factsSum(b):
		return f, "its checksum does not match"
	}
	r := factsReader{rest: b[factsHeadBytes:], ok: true}
	f.clean = b[factsHeadBytes-1] == 1
	f.settings = r.keys()
	for range r.count() {
		g := groupFacts{group: uint32(r.uint()), first: r.uint(), last: r.uint()}
		g.stable = r.keys()
		f.groups = append(f.groups, g)
	}
	if !r.ok || len(r.rest) > 0 {
		return facts{}, "its fields do not fit"
	}
	return f, ""
}

// factsReader reads fields until one does not fit.
type factsReader struct {
	rest []byte
	ok   bool
}

func (r *factsReader) uint() uint64 {
	v, rest, ok := uvarint(r.rest)
	if !ok {
		r.ok, r.rest = false, nil
		return 0
	}
	r.rest = rest
	return v
}

// count reads a number of things that take at least a byte each.
func (r *factsReader) count() int {
	n := r.uint()
	if n > uint64(len(r.rest)) {
		r.ok, r.rest = false, nil
		return 0
	}
	return int(n)
}

func (r *factsReader) keys() []keyFact {
	var keys []keyFact
	for range r.count() {
		n := r.count()
		key := string(r.rest[:n])
		r.rest = r.rest[n:]
		keys = append(keys, keyFact{key, r.uint()})
	}
	return keys
}
