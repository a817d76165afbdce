package shard

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/slot"
)

// outcomes keeps what an entry's commands answered.
type outcomes struct{ all [][]byte }

func (o *outcomes) Buffer() []byte { return nil }
func (o *outcomes) Done(b []byte)  { o.all = append(o.all, b) }

func body(n int, add func([]byte) []byte) []byte { return add(pack.AppendArray(nil, n)) }

func command(t *rapid.T, n int) slot.Command {
	name := fmt.Sprint("board-", rapid.IntRange(0, 5).Draw(t, "board"))
	c := slot.Command{Slot: grid.SlotOf(name)}
	c.ID = grid.RequestID{Client: grid.ID{byte(n % 3)}, Seq: uint64(n/3 + 1), Low: uint64(n/3 + 1)}
	if rapid.IntRange(0, 4).Draw(t, "what") == 0 {
		r := leaderboard.CreateRequest{Board: name, Operator: leaderboard.Incr}
		c.Kind, c.Body = leaderboard.KindCreate, body(r.Fields(), r.Append)
		return c
	}
	r := leaderboard.SubmitRequest{Board: name, Owner: grid.ID{rapid.Byte().Draw(t, "owner")},
		Score: rapid.Int64Range(-9, 9).Draw(t, "score")}
	c.Kind, c.Body = leaderboard.KindSubmit, body(r.Fields(), r.Append)
	return c
}

func entryOf(at int64, commands []slot.Command) []byte {
	e := Entry{Level: Level, At: at, Origin: 1, Number: uint64(at), Count: len(commands)}
	b := e.AppendHead(nil)
	for i := range commands {
		b = commands[i].Append(b)
	}
	return b
}

func apply(t interface{ Fatalf(string, ...any) }, m *Machine, entry []byte) [][]byte {
	var e Entry
	var o outcomes
	if err := e.Decode(entry); err != nil {
		t.Fatalf("decode an entry: %v", err)
	}
	if err := m.Apply(uint64(e.At), &e, &o, nil); err != nil {
		t.Fatalf("apply an entry: %v", err)
	}
	return o.all
}

func restored(t interface{ Fatalf(string, ...any) }, m *Machine) *Machine {
	var b bytes.Buffer
	wrote, err := m.Clone().Encode(&b)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	fresh := NewMachine()
	if read, err := fresh.Decode(&b); err != nil || read != wrote {
		t.Fatalf("decode: %v; %d bytes, %d were encoded", err, read, wrote)
	}
	checkDigests(t, m)
	return fresh
}

// checkDigests: who writes and who reads a snapshot works out the digest of the state,
// a slot at a time.
func checkDigests(t interface{ Fatalf(string, ...any) }, m *Machine) {
	var b bytes.Buffer
	pauses, want := 0, m.Digest()
	wrote, err := m.Clone().EncodeDigest(&b, func() error { pauses++; return nil })
	if err != nil || wrote != want {
		t.Fatalf("written with the digest %x, want %x (%v)", wrote, want, err)
	}
	slots := 0
	read, err := ReadDigest(&b, func(int, *slot.Slot) { slots++ })
	if err != nil || read.Digest != want || read.Slots != slots || read.Applied != m.applied || pauses < slots {
		t.Fatalf("%d slots read as %+v, want the digest %x (%v, %d pauses)", slots, read, want, err, pauses)
	}
}

// TestEqualCommandsGiveEqualStates applies one sequence of commands twice: cut
// into entries in different ways, and with a snapshot and restore at random
// places.
func TestEqualCommandsGiveEqualStates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "commands")
		commands := make([]slot.Command, n)
		for i := range commands {
			commands[i] = command(t, i)
		}
		at := rapid.Int64Range(0, 1<<40).Draw(t, "at")
		whole, pieces := NewMachine(), NewMachine()
		want := apply(t, whole, entryOf(at, commands))
		var got [][]byte
		for len(commands) > 0 {
			cut := rapid.IntRange(1, len(commands)).Draw(t, "cut")
			got = append(got, apply(t, pieces, entryOf(at, commands[:cut]))...)
			commands = commands[cut:]
			if rapid.Bool().Draw(t, "restore") {
				pieces = restored(t, pieces)
			}
		}
		if !slices.EqualFunc(got, want, bytes.Equal) {
			t.Fatalf("the outcomes differ")
		}
		if whole.Applied() != pieces.Applied() || restored(t, whole).Applied() != whole.Applied() {
			t.Fatalf("the machines do not know how far they are")
		}
		if whole.Digest() != pieces.Digest() || whole.Digest() != restored(t, whole).Digest() {
			t.Fatalf("the digests differ")
		}
	})
}

func TestAnEntryFromTheFutureIsRefused(t *testing.T) {
	future := Entry{Level: Level + 1}
	var e Entry
	if err := e.Decode(future.AppendHead(nil)); err == nil {
		t.Fatal("an entry above this program's level was decoded")
	}
}

func TestQueriesOfEmptyAndUnknownSlots(t *testing.T) {
	r := leaderboard.InfoRequest{Board: "none"}
	m := NewMachine()
	for _, s := range []grid.Slot{0, grid.Slots - 1, grid.Slots, 1<<16 - 1} {
		out, err := m.Query(s, leaderboard.KindInfo, body(r.Fields(), r.Append), []byte("kept"))
		if err == nil || string(out) != "kept" {
			t.Errorf("slot %d: %q, %v", s, out, err)
		}
	}
}

func FuzzEntry(f *testing.F) {
	r := leaderboard.SubmitRequest{Board: "b", Owner: grid.ID{1}, Score: 5}
	c := slot.Command{Slot: 7, Kind: leaderboard.KindSubmit, Body: body(r.Fields(), r.Append)}
	f.Add(entryOf(1, []slot.Command{c, c}))
	f.Add(entryOf(1, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		var e Entry
		if e.Decode(b) != nil {
			return
		}
		var o outcomes
		if err := NewMachine().Apply(1, &e, &o, nil); err == nil && len(o.all) != e.Count {
			t.Fatalf("%d outcomes of %d commands", len(o.all), e.Count)
		}
	})
}

func FuzzSnapshot(f *testing.F) {
	m := NewMachine()
	r := leaderboard.CreateRequest{Board: "b"}
	c := slot.Command{Slot: 7, Kind: leaderboard.KindCreate, Body: body(r.Fields(), r.Append)}
	apply(f, m, entryOf(1, []slot.Command{c}))
	var whole bytes.Buffer
	if _, err := m.Clone().Encode(&whole); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add(binary.BigEndian.AppendUint32(nil, 0xfd2fb528))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := NewMachine()
		if _, err := m.Decode(bytes.NewReader(b)); err != nil {
			return
		}
		if again := restored(t, m); again.Digest() != m.Digest() {
			t.Fatal("a decoded snapshot does not survive another round")
		}
	})
}

// FuzzSnapshotStream feeds the chunks under the compression, which FuzzSnapshot
// hardly ever gets past.
func FuzzSnapshotStream(f *testing.F) {
	var b bytes.Buffer
	e := pack.NewEncoder(&b)
	if err := errors.Join(NewMachine().encode(e, nil), e.Flush()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = decodeValues(pack.NewDecoder(bytes.NewReader(b)), func(head) {}, func(int, *slot.Slot) {})
	})
}

func TestAFlippedBitInASnapshotIsNeverLoaded(t *testing.T) {
	m := NewMachine()
	for i := range 20 {
		name := fmt.Sprint("board-", i)
		r := leaderboard.CreateRequest{Board: name}
		c := slot.Command{Slot: grid.SlotOf(name), Kind: leaderboard.KindCreate,
			Body: body(r.Fields(), r.Append)}
		apply(t, m, entryOf(1, []slot.Command{c}))
	}
	var whole bytes.Buffer
	if _, err := m.Clone().Encode(&whole); err != nil {
		t.Fatal(err)
	}
	for i := range whole.Bytes() {
		bad := slices.Clone(whole.Bytes())
		bad[i] ^= 1 << (i % 8)
		fresh := NewMachine()
		if _, err := fresh.Decode(bytes.NewReader(bad)); err == nil && fresh.Digest() != m.Digest() {
			t.Fatalf("byte %d was flipped and the snapshot loaded", i)
		}
	}
}
