package raftnet

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"testing"

	"github.com/hashicorp/raft"
	"pgregory.net/rapid"
)

func entriesOf(t *rapid.T) *raft.AppendEntriesRequest {
	r := &raft.AppendEntriesRequest{RPCHeader: headerOf(3), Term: rapid.Uint64().Draw(t, "term"),
		PrevLogEntry: rapid.Uint64().Draw(t, "index"), PrevLogTerm: rapid.Uint64().Draw(t, "prev term"),
		LeaderCommitIndex: rapid.Uint64().Draw(t, "commit")}
	for range rapid.IntRange(0, 5).Draw(t, "entries") {
		r.Entries = append(r.Entries, &raft.Log{Index: rapid.Uint64().Draw(t, "index"),
			Term: rapid.Uint64().Draw(t, "term"), Type: raft.LogType(rapid.IntRange(0, 5).Draw(t, "type")),
			Data: rapid.SliceOf(rapid.Byte()).Draw(t, "data"), Extensions: rapid.SliceOf(rapid.Byte()).Draw(t, "ext")})
	}
	return r
}

// TestEntriesAreReadAsTheyWereWritten, and nothing that is cut short is read at all.
func TestEntriesAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := entriesOf(t)
		b := appendEntries(nil, r)
		got, _, err := decodeRequest(kindAppend, &reader{b: b}, headerOf(3))
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range r.Entries { // an empty slice is as good as none
			l.Data, l.Extensions = append([]byte{}, l.Data...), append([]byte{}, l.Extensions...)
		}
		if !reflect.DeepEqual(got, any(r)) {
			t.Fatalf("%+v, want %+v", got, r)
		}
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		if _, _, err := decodeRequest(kindAppend, &reader{b: b[:cut]}, headerOf(3)); err == nil {
			t.Fatalf("%d of %d bytes were enough", cut, len(b))
		}
	})
}

// TestEntriesAreCopied: what Raft gets does not change with the connection's buffer.
func TestEntriesAreCopied(t *testing.T) {
	b := appendEntries(nil, &raft.AppendEntriesRequest{
		Entries: []*raft.Log{{Data: []byte("data"), Extensions: []byte("x")}}})
	got, _, err := decodeRequest(kindAppend, &reader{b: b}, raft.RPCHeader{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range b {
		b[i] = 0xff
	}
	if l := got.(*raft.AppendEntriesRequest).Entries[0]; string(l.Data) != "data" || string(l.Extensions) != "x" {
		t.Errorf("%+v", l)
	}
}

// TestGolden holds the bytes that older versions of the program send.
func TestGolden(t *testing.T) {
	entries := &raft.AppendEntriesRequest{Term: 5, PrevLogEntry: 300, PrevLogTerm: 4, LeaderCommitIndex: 299,
		Entries: []*raft.Log{{Index: 301, Term: 5, Type: raft.LogCommand, Data: []byte("ab")}}}
	snapshot := &raft.InstallSnapshotRequest{SnapshotVersion: 1, Term: 5, LastLogIndex: 300, LastLogTerm: 4,
		ConfigurationIndex: 1, Size: 1000, Configuration: []byte("c")}
	vote := &raft.RequestVoteRequest{Term: 5, LastLogIndex: 300, LastLogTerm: 4, LeadershipTransfer: true}
	preVote := &raft.RequestPreVoteRequest{Term: 5, LastLogIndex: 300, LastLogTerm: 4}
	appended := &raft.AppendEntriesResponse{Term: 5, LastLog: 300, Success: true}
	head := piece{group: 2, id: 300, number: 1, sort: pieceData}
	for name, c := range map[string]struct {
		got  []byte
		want string
	}{
		"append":   {appendEntries(begin(7, kindAppend, 0), entries), "070105ac0204ab0201ad020500026162" + "00"},
		"vote":     {appendVote(begin(7, kindVote, 0), vote), "070205ac020401"},
		"pre-vote": {appendPreVote(begin(7, kindPreVote, 0), preVote), "070305ac0204"},
		"stand":    {appendTerm(begin(7, kindStand, 0), 300), "0704ac02"},
		"appended": {appendAnswer(nil, appended), "0005ac020100"},
		"voted":    {appendAnswer(nil, &raft.RequestVoteResponse{Term: 5, Granted: true}), "000501"},
		"failed":   {appendFailure(nil, errNoPiece), "01" + hex.EncodeToString([]byte(errNoPiece.Error()))},
		"snapshot": {appendSnapshot(nil, snapshot), "0105ac020401e80701" + "63"},
		"piece":    {head.append(nil), "02ac020102"},
	} {
		if got := hex.EncodeToString(c.got); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	if n, err := nodeOf(raft.ServerAddress(ServerID(17))); n != 17 || err != nil {
		t.Error(n, err)
	}
	for _, name := range []raft.ServerAddress{"", "17", "node-", "node--1", "node-4294967296", "node-x"} {
		if n, err := nodeOf(name); err == nil {
			t.Errorf("%q is node %d", name, n)
		}
	}
}

// FuzzRequest reads requests from anything: what is read is written again, with no more
// memory than the bytes deserve.
func FuzzRequest(f *testing.F) {
	f.Add(byte(kindAppend), appendEntries(nil, &raft.AppendEntriesRequest{Entries: []*raft.Log{{Data: []byte("a")}}}))
	f.Add(byte(kindVote), appendVote(nil, &raft.RequestVoteRequest{Term: 3}))
	f.Add(byte(kindStand), appendTerm(nil, 1))
	f.Fuzz(func(t *testing.T, k byte, data []byte) {
		command, term, err := decodeRequest(kind(k), &reader{b: data}, headerOf(1))
		if err != nil {
			return
		}
		var again []byte
		switch r := command.(type) {
		case *raft.AppendEntriesRequest:
			again = appendEntries(nil, r)
			if len(r.Entries) > len(data) {
				t.Errorf("%d entries in %d bytes", len(r.Entries), len(data))
			}
		case *raft.RequestVoteRequest:
			again = appendVote(nil, r)
		case *raft.RequestPreVoteRequest:
			again = appendPreVote(nil, r)
		case *raft.TimeoutNowRequest:
			again = appendTerm(nil, term)
		}
		second, _, err := decodeRequest(kind(k), &reader{b: again}, headerOf(1))
		if err != nil || !reflect.DeepEqual(command, second) {
			t.Errorf("%+v became %+v, %v", command, second, err)
		}
	})
}

// FuzzAnswer reads answers from anything.
func FuzzAnswer(f *testing.F) {
	f.Add(appendAnswer(nil, &raft.AppendEntriesResponse{Term: 1}))
	f.Add(appendFailure(nil, errBusy))
	f.Fuzz(func(t *testing.T, data []byte) {
		var r raft.AppendEntriesResponse
		if decodeAnswer(data, &r, raft.RPCHeader{}) == nil {
			var again raft.AppendEntriesResponse
			err := decodeAnswer(appendAnswer(nil, &r), &again, raft.RPCHeader{})
			if err != nil || !reflect.DeepEqual(r, again) {
				t.Errorf("%+v became %+v, %v", r, again, err)
			}
		}
		_ = decodeAnswer(data, &raft.RequestVoteResponse{}, raft.RPCHeader{})
		_ = decodeAnswer(data, &raft.InstallSnapshotResponse{}, raft.RPCHeader{})
		var p piece
		in := &reader{b: data}
		if p.read(in); !in.bad {
			var again piece
			again.read(&reader{b: p.append(nil)})
			if again != p {
				t.Errorf("%+v became %+v", p, again)
			}
		}
		in = &reader{b: data}
		if r, err := decodeSnapshot(in, headerOf(1)); err == nil {
			again, err := decodeSnapshot(&reader{b: appendSnapshot(nil, r)}, headerOf(1))
			if err != nil || !bytes.Equal(again.Configuration, r.Configuration) || again.Size != r.Size {
				t.Errorf("%+v became %+v, %v", r, again, err)
			}
		}
	})
}
