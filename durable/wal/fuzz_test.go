package wal

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/durable/disk"
)

// FuzzEntry feeds the entry decoder damaged values, and values that are sealed
// and still make no sense.
func FuzzEntry(f *testing.F) {
	key := appendEntryKey(nil, 1, 2)
	f.Add(appendEntry(nil, key, &raft.Log{Index: 2, Term: 3, Data: []byte("data")}), false)
	f.Add(appendEntry(nil, key, &raft.Log{Index: 2, Term: 1 << 60, Type: raft.LogBarrier,
		Extensions: []byte("x"), AppendedAt: time.Unix(1, 2)}), false)
	f.Add(append([]byte{1, 0, 0, 0, 0, 0, 1, 1}, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"...), true)
	f.Add([]byte{}, false)
	f.Fuzz(func(t *testing.T, value []byte, reseal bool) {
		if reseal && len(value) >= entryHeadBytes {
			value = bytes.Clone(value)
			disk.Seal(key, value)
		}
		var e raft.Log
		if reason := decodeEntry(key, value, &e); reason != "" {
			if !reflect.DeepEqual(e, raft.Log{}) {
				t.Fatalf("%s, and yet it decodes to %v", reason, e)
			}
			return
		}
		var again raft.Log
		reason := decodeEntry(key, appendEntry(nil, key, &e), &again)
		if reason != "" || !same(&e, &again) {
			t.Fatalf("%v comes back as %v (%s)", e, again, reason)
		}
	})
}

func FuzzFacts(f *testing.F) {
	f.Add(facts{}.encode(), false)
	f.Add(facts{clean: true, settings: []keyFact{{"incarnation", 4}}, groups: []groupFacts{
		{group: 1, first: 2, last: 300, stable: []keyFact{{"CurrentTerm", 1}, {"", 2}}},
	}}.encode(), true)
	f.Fuzz(func(t *testing.T, b []byte, reseal bool) {
		if reseal && len(b) >= factsHeadBytes {
			b = bytes.Clone(b)
			binary.LittleEndian.PutUint32(b[len(factsMagic)+1:], factsSum(b))
		}
		got, reason := decodeFacts(b)
		if reason != "" {
			return
		}
		again, reason := decodeFacts(got.encode())
		if reason != "" || !reflect.DeepEqual(got, again) {
			t.Fatalf("%+v comes back as %+v (%s)", got, again, reason)
		}
	})
}

// FuzzScan looks for panics and endless loops in the reader of Pebble's files.
func FuzzScan(f *testing.F) {
	f.Add([]byte{}, uint32(2))
	f.Add(bytes.Repeat([]byte{0, 0, 0, 0, 0, 0, 5, 3, 0, 0, 0}, 4000), uint32(2))
	f.Fuzz(func(t *testing.T, b []byte, number uint32) {
		for _, format := range []chunkFormat{walChunks(number), manifestChunks()} {
			if off, found := format.damage(b); found && off >= len(b) {
				t.Fatalf("damage at %d of %d", off, len(b))
			}
		}
	})
}

func TestEntryUnderAnotherKeyIsRefused(t *testing.T) {
	e := raft.Log{Index: 2, Term: 1, Data: []byte("x")}
	value := appendEntry(nil, appendEntryKey(nil, 1, 2), &e)
	for _, key := range [][]byte{appendEntryKey(nil, 1, 3), appendEntryKey(nil, 2, 2), {}} {
		if reason := decodeEntry(key, value, &raft.Log{}); reason == "" {
			t.Errorf("key %x is accepted", key)
		}
	}
}

// Rings against a map, with entries of every size up to more than they hold. One's
// buffer has its size at once, the other's grows.
func TestRingHoldsTheNewest(t *testing.T) {
	ringAgainstMap(t, 1000)
	ringAgainstMap(t, 5*ringBytesFirst+7)
}

func ringAgainstMap(t *testing.T, limit int) {
	rng := rand.New(rand.NewPCG(3, 4))
	r := ring{limit: limit}
	want := map[uint64][]byte{}
	next := uint64(1)
	for step := range 20_000 {
		switch n := rng.IntN(20); {
		case n == 0 && next > 1:
			from := next - 1 - min(next-2, uint64(rng.IntN(8)))
			r.dropFrom(from)
			for i := from; i < next; i++ {
				delete(want, i)
			}
			next = from
		case n == 1:
			r.dropTo(next - min(next, uint64(rng.IntN(30))))
		case n == 2:
			next += uint64(rng.IntN(2)) // a jump, or none
		default:
			size := 1 + rng.IntN(limit*6/100)
			if rng.IntN(50) == 0 {
				size = rng.IntN(limit * 12 / 10)
			}
			value := bytes.Repeat([]byte{byte(step)}, size)
			r.push(next, value)
			want[next] = value
			next++
			if got, ok := r.get(next - 1); ok != (size <= r.limit) || ok && !bytes.Equal(got, value) {
				t.Fatalf("step %d: the newest entry reads %x, %v", step, got, ok)
			}
		}
		held := 0
		for i := r.first; i < r.first+uint64(r.count); i++ {
			got, ok := r.get(i)
			if !ok || !bytes.Equal(got, want[i]) {
				t.Fatalf("step %d: entry %d reads %x, %v; want %x", step, i, got, ok, want[i])
			}
			held += len(got)
		}
		if held > r.limit || len(r.data) > r.limit {
			t.Fatalf("step %d: %d bytes held in a buffer of %d", step, held, len(r.data))
		}
	}
}
