package shard

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/leaderboard"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/slot"
)

// load makes entries of scores: of a thousand clients that go on counting, for ten
// thousand owners of each of ten boards.
type load struct {
	boards []string
	at     int64
	n      int
}

const (
	loadClients = 1000
	loadOwners  = 10_000
	loadBatch   = 100 // commands in an entry
)

func (l *load) entry(commands ...slot.Command) []byte {
	l.at += 1000
	e := Entry{Level: Level, At: l.at, Origin: 1, Number: 1, Count: len(commands)}
	data := e.AppendHead(nil)
	for i := range commands {
		data = commands[i].Append(data)
	}
	return data
}

func (l *load) creation(board string) []byte {
	r := leaderboard.CreateRequest{Board: board, Operator: leaderboard.Best}
	return l.entry(slot.Command{Slot: grid.SlotOf(board), Kind: leaderboard.KindCreate,
		Body: r.Append(pack.AppendArray(nil, r.Fields()))})
}

func (l *load) scores() []byte {
	var commands [loadBatch]slot.Command
	for i := range commands {
		client, seq := l.n%loadClients, uint64(l.n/loadClients+1)
		board := l.boards[client%len(l.boards)]
		r := leaderboard.SubmitRequest{Board: board, Score: int64(l.n*7919%1_000_003) + int64(l.n/loadOwners)}
		binary.BigEndian.PutUint64(r.Owner[8:], uint64(l.n*104_729%loadOwners))
		id := grid.RequestID{Seq: seq, Low: seq}
		binary.BigEndian.PutUint64(id.Client[8:], uint64(client))
		commands[i] = slot.Command{Slot: grid.SlotOf(board), Kind: leaderboard.KindSubmit, ID: id,
			Body: r.Append(pack.AppendArray(nil, r.Fields()))}
		l.n++
	}
	return l.entry(commands[:]...)
}

// discard is Results for who does not care.
type discard struct{ b []byte }

func (d *discard) Buffer() []byte { return d.b[:0] }
func (d *discard) Done(b []byte)  { d.b = b }

// BenchmarkApply measures applying entries of a hundred scores each.
func BenchmarkApply(b *testing.B) {
	m, l := NewMachine(), load{at: 1_000_000}
	var results discard
	var effects grid.Effects
	apply := func(data []byte) {
		var e Entry
		if err := e.Decode(data); err != nil {
			b.Fatal(err)
		}
		if err := m.Apply(1, &e, &results, &effects); err != nil {
			b.Fatal(err)
		}
	}
	for i := range 10 {
		l.boards = append(l.boards, fmt.Sprint("board-", i))
		apply(l.creation(l.boards[i]))
	}
	for range 20 * loadOwners / loadBatch {
		apply(l.scores())
	}
	entries := make([][]byte, 1000)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if i%len(entries) == 0 {
			b.StopTimer()
			for j := range entries {
				entries[j] = l.scores()
			}
			b.StartTimer()
		}
		apply(entries[i%len(entries)])
	}
}
