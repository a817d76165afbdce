package wal

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
	"pgregory.net/rapid"
)

// model is a Log as a map.
type model struct {
	t       *rapid.T
	tb      testing.TB
	disk    *vfs.MemFS
	db      *DB
	log     *Log
	entries map[uint64]*raft.Log
	first   uint64 // the lowest index that must be there
	last    uint64
	values  map[string]string
	seed    uint64
}

const modelGroup = 7

func (m *model) open() {
	m.db = mustOpen(m.tb, testOptions(m.tb, m.disk))
	m.log = mustLog(m.tb, m.db, modelGroup)
}

func (m *model) crash(percent int) {
	m.seed++
	clone := m.disk.CrashClone(vfs.CrashCloneCfg{
		UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(m.seed, 1))})
	must(m.tb, m.db.Close())
	m.disk = clone
	m.open()
}

// draw makes n entries from index on, with everything that an entry can hold.
func (m *model) draw(from uint64, n int) []*raft.Log {
	batch := make([]*raft.Log, n)
	for i := range batch {
		e := &raft.Log{
			Index: from + uint64(i), Term: rapid.Uint64().Draw(m.t, "term"),
			Type: raft.LogType(rapid.IntRange(0, 5).Draw(m.t, "type")),
			Data: rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(m.t, "data"),
		}
		if rapid.Bool().Draw(m.t, "large") {
			e.Data = append(e.Data, make([]byte, rapid.IntRange(0, 6000).Draw(m.t, "size"))...)
		}
		if rapid.Bool().Draw(m.t, "extended") {
			e.Extensions = []byte("extension")
			e.AppendedAt = time.Unix(1_700_000_000, int64(i))
		}
		batch[i] = e
	}
	return batch
}

func (m *model) store(from uint64) {
	batch := m.draw(from, rapid.IntRange(1, 5).Draw(m.t, "n"))
	must(m.tb, m.log.StoreLogs(batch))
	if m.last == 0 || from > m.last+1 {
		clear(m.entries)
		m.first = from
	}
	for _, e := range batch {
		kept := *e
		kept.Data = append([]byte(nil), e.Data...)
		m.entries[e.Index] = &kept
		m.last = e.Index
		clear(e.Data) // the caller may do what it likes with its memory
	}
}

func (m *model) deleteFrom(from uint64) {
	must(m.tb, m.log.DeleteRange(from, m.last))
	if m.last == 0 || from > m.last {
		return
	}
	for i := from; i <= m.last; i++ {
		delete(m.entries, i)
	}
	if m.last = from - 1; from <= m.first {
		m.first, m.last = 0, 0
	}
}

// deleteTo lets go of the front: the log says itself how far it went.
func (m *model) deleteTo(to uint64) {
	must(m.tb, m.log.DeleteRange(m.first, to))
	first, err := m.log.FirstIndex()
	must(m.tb, err)
	if first < m.first || first > to+1 {
		m.t.Fatalf("first index is %d after deleting %d to %d", first, m.first, to)
	}
	if kept := m.log.Bytes(); first > m.first && kept < m.db.options.RetainBytes {
		m.t.Fatalf("%d bytes kept", kept)
	}
	for i := m.first; i < first; i++ {
		delete(m.entries, i)
	}
	m.first = first
}

func (m *model) check() {
	first, err1 := m.log.FirstIndex()
	last, err2 := m.log.LastIndex()
	if err := errors.Join(err1, err2); err != nil || first != m.first || last != m.last {
		m.t.Fatalf("log is %d to %d, %v; want %d to %d", first, last, err, m.first, m.last)
	}
	var bytes int64
	for i, want := range m.entries {
		var got raft.Log
		if err := m.log.GetLog(i, &got); err != nil || !same(&got, want) {
			m.t.Fatalf("entry %d is %v, %v; want %v", i, got, err, want)
		}
		bytes += int64(len(want.Data))
	}
	for _, i := range []uint64{0, m.first - 1, m.last + 1} {
		err := m.log.GetLog(i, &raft.Log{})
		if m.entries[i] == nil && !errors.Is(err, raft.ErrLogNotFound) {
			m.t.Fatalf("entry %d: %v", i, err)
		}
	}
	if kept := m.log.Bytes(); kept < bytes || m.log.BytesSince(m.last) > 2*8<<10 {
		m.t.Fatalf("%d bytes kept of %d, %d after the last", kept, bytes, m.log.BytesSince(m.last))
	}
	for k, want := range m.values {
		if v, err := m.log.Get([]byte(k)); err != nil || string(v) != want {
			m.t.Fatalf("%s is %q, %v; want %q", k, v, err, want)
		}
	}
}

func TestLogIsAMap(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{t: rt, tb: t, disk: vfs.NewCrashableMem(),
			entries: map[uint64]*raft.Log{}, values: map[string]string{}}
		m.open()
		rt.Repeat(map[string]func(*rapid.T){
			"store": func(*rapid.T) { m.store(m.last + 1) },
			"more":  func(*rapid.T) { m.store(m.last + 1) },
			"jump":  func(*rapid.T) { m.store(m.last + 1 + rapid.Uint64Range(0, 9).Draw(rt, "gap")) },
			"deleteEnd": func(*rapid.T) {
				m.deleteFrom(rapid.Uint64Range(max(1, m.first), m.last+2).Draw(rt, "from"))
			},
			"deleteFront": func(*rapid.T) {
				if m.last > m.first {
					m.deleteTo(rapid.Uint64Range(m.first, m.last-1).Draw(rt, "to"))
				}
			},
			"set": func(*rapid.T) {
				k := rapid.SampledFrom([]string{"CurrentTerm", "LastVoteCand"}).Draw(rt, "key")
				m.values[k] = rapid.StringN(0, 9, 9).Draw(rt, "value")
				must(t, m.log.Set([]byte(k), []byte(m.values[k])))
			},
			"reopen": func(*rapid.T) { must(t, m.db.Close()); m.open() },
			"crash":  func(*rapid.T) { m.crash(rapid.SampledFrom([]int{0, 50, 100}).Draw(rt, "kept")) },
			"":       func(*rapid.T) { m.check() },
		})
		must(t, m.db.Close())
	})
}
