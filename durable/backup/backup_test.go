package backup

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
	"go.uber.org/goleak"

	records "github.com/thronggrid/throng/durable/record"
	"github.com/thronggrid/throng/durable/snapshot"
	"github.com/thronggrid/throng/durable/wal"
	"github.com/thronggrid/throng/grid/clock"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	friends = &record.Table{
		Name: "friends", Key: []record.Column{{Name: "id", Type: record.TypeUint}},
		Columns: []record.Column{{Name: "name", Type: record.TypeString}},
		Indexes: []record.Index{{Name: "by_name", Columns: []string{"name"}}},
	}
	scrolls = &record.Table{Name: "scrolls", Key: []record.Column{{Name: "id", Type: record.TypeBytes}}}
)

// tablesOf returns tables with some rows, one of which is as large as a row may be.
func tablesOf(t testing.TB) *records.Store {
	t.Helper()
	s, err := records.Open(records.Options{FS: vfs.NewMem(), Dir: "data", Clock: clock.Real(),
		Tables: []*record.Table{friends, scrolls}, Fatal: func(err error) { panic(err) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	document := func(n int) []byte {
		text := bytes.Repeat([]byte("deed "), n/5)
		return pack.AppendString(pack.AppendString(pack.AppendMap(nil, 1), "text"), text)
	}
	err = s.Update(context.Background(), func(tx record.Tx) error {
		for i := range uint64(30) {
			row := &record.Row{Key: []record.Value{record.Uint(i)},
				Columns: []record.Value{record.String(fmt.Sprint("name ", i%7))}, Doc: document(int(i))}
			if err := tx.Put(friends, row); err != nil {
				return err
			}
		}
		return tx.Put(scrolls, &record.Row{Key: []record.Value{record.Bytes([]byte("long"))},
			Doc: document(record.DocumentBytesMax - 64)})
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// stateOf stands for the state of a shard: some bytes, whose digest is their hash.
func stateOf(term, index uint64, n int) Shard {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(term, index))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return Shard{Term: term, Index: index, Encode: func(w io.Writer) (uint64, error) {
		_, err := w.Write(b)
		return xxhash.Sum64(b), err
	}}
}

func hashOf(r io.Reader) (uint64, error) {
	b, err := io.ReadAll(r)
	return xxhash.Sum64(b), err
}

// source is a backup of three shards, of which the second is large and the third empty.
func source(s *records.Store, rows record.Reader) *Source {
	return &Source{
		Made:   1234567,
		Node:   Node{Version: "v1", Number: 1, Settings: []Setting{{"incarnation", []byte("8 bytes.")}}},
		Shards: []Shard{stateOf(2, 17, 1000), stateOf(3, 5, 2*BlockBytesMax+7), stateOf(0, 0, 0)},
		Tables: s.Tables(), Records: rows,
		Secrets: []Secret{{"server.key", []byte("key\n")}},
	}
}

func written(t testing.TB, change func(*Source)) ([]byte, Summary) {
	t.Helper()
	var b bytes.Buffer
	var sum Summary
	store := tablesOf(t)
	err := store.View(context.Background(), func(r record.Reader) (err error) {
		s := source(store, r)
		if change != nil {
			change(s)
		}
		sum, err = Write(&b, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), sum
}

func verify(b []byte) (Summary, error) {
	r, err := NewReader(bytes.NewReader(b), "b")
	if err != nil {
		return Summary{}, err
	}
	return Verify(r, hashOf)
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	b, wrote := written(t, nil)
	read, err := verify(b)
	if err != nil || !reflect.DeepEqual(read, wrote) {
		t.Fatalf("read %+v, %v; wrote %+v", read, err, wrote)
	}
	var kinds []string
	for _, p := range read.Parts {
		kinds = append(kinds, p.Name())
	}
	if got, want := fmt.Sprint(kinds), "[node shard 0 shard 1 shard 2 records keys]"; got != want {
		t.Errorf("the parts are %s, want %s", got, want)
	}
	if p := read.Parts[4]; p.Rows != 31 {
		t.Errorf("%d rows, want 31", p.Rows)
	}
}

// TestDamageIsNoticed: every byte of a backup that is flipped, every cut, and what is added.
func TestDamageIsNoticed(t *testing.T) {
	b, _ := written(t, func(s *Source) {
		s.Shards[1] = stateOf(3, 5, 100)
		s.Tables = s.Tables[:1]
	})
	damaged := func(what string, b []byte) {
		t.Helper()
		var corrupt *CorruptionError
		if _, err := verify(b); !errors.As(err, &corrupt) {
			t.Fatalf("%s: %v, want a corruption", what, err)
		}
	}
	for i := range b {
		bad := slices.Clone(b)
		bad[i] ^= 1 << (i % 8)
		damaged(fmt.Sprint("a bit of byte ", i), bad)
		damaged(fmt.Sprint("cut at ", i), b[:i])
	}
	damaged("a byte more", append(slices.Clone(b), 0))
}

// TestWhatIsNoBackupIsNamed: files that are empty, of others, or of a version to come.
func TestWhatIsNoBackupIsNamed(t *testing.T) {
	b, _ := written(t, nil)
	newer := slices.Clone(b)
	newer[len(magic)] = version + 1
	binary.LittleEndian.PutUint32(newer[headBytes-4:], crc32.Checksum(newer[:headBytes-4], castagnoli()))
	for what, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":              {nil, "cut short at byte 0"},
		"of others":          {bytes.Repeat([]byte("#!/bin/sh\n"), 10), "does not begin as a backup does"},
		"of a version ahead": {newer, "newer"},
	} {
		fs := vfs.NewMem()
		_, _, err := restore(fs, c.file)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("a file that is %s: %v, want words of %q", what, err, c.want)
		}
		if _, err := fs.Stat("data"); err == nil {
			t.Errorf("a file that is %s: a directory was made", what)
		}
	}
}

// TestDigestsAreComparedWithContents: what checksums cannot tell.
func TestDigestsAreComparedWithContents(t *testing.T) {
	b, _ := written(t, func(s *Source) {
		encode := s.Shards[1].Encode
		s.Shards[1].Encode = func(w io.Writer) (uint64, error) {
			digest, err := encode(w)
			return digest ^ 1, err
		}
	})
	if _, err := verify(b); err == nil || !strings.Contains(err.Error(), "shard 1 has the digest") {
		t.Errorf("a wrong digest: %v", err)
	}
}

func restore(fs vfs.FS, b []byte) (Summary, map[string]string, error) {
	r, err := NewReader(bytes.NewReader(b), "b")
	if err != nil {
		return Summary{}, nil, err
	}
	secrets := map[string]string{}
	sum, err := Restore(r, Target{FS: fs, Dir: "data", Clock: clock.Real(), KeyTerm: "term",
		Logger: slog.New(slog.DiscardHandler), Digests: hashOf,
		Voters: func(node uint32) raft.Configuration {
			return raft.Configuration{Servers: []raft.Server{{ID: raft.ServerID(fmt.Sprint(node)), Address: "a"}}}
		},
		Secret: func(s Secret) error { secrets[s.Name] = string(s.Text); return nil },
	})
	return sum, secrets, err
}

func TestARestoreBringsAllBack(t *testing.T) {
	b, wrote := written(t, nil)
	fs := vfs.NewMem()
	sum, secrets, err := restore(fs, b)
	if err != nil || !reflect.DeepEqual(sum, wrote) {
		t.Fatalf("restored %+v, %v; backed up were %+v", sum, err, wrote)
	}
	if secrets["server.key"] != "key\n" {
		t.Errorf("the secrets are %q", secrets)
	}
	if err := CheckFinished(fs, "data"); err != nil {
		t.Error(err)
	}
	db, err := wal.Open(wal.Options{FS: fs, Dir: "data", Clock: clock.Real(), Fatal: func(err error) { panic(err) }})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if got, err := db.Get("incarnation"); err != nil || string(got) != "8 bytes." {
		t.Errorf("the incarnation is %q, %v", got, err)
	}
	for group, term := range []uint64{2, 3, 1} {
		log, err := db.Log(uint32(group))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := log.GetUint64([]byte("term")); err != nil || got != term {
			t.Errorf("the term of group %d is %d, want %d (%v)", group, got, term, err)
		}
		s, err := snapshot.Open(snapshot.Options{FS: fs, Dir: "data", Group: uint32(group),
			Clock: clock.Real(), Fatal: func(err error) { panic(err) }})
		if err != nil {
			t.Fatal(err)
		}
		metas, err := s.List()
		if err != nil || len(metas) != min(1, 2-group) {
			t.Errorf("group %d has the snapshots %v, %v", group, metas, err)
		}
		if len(metas) > 0 && (metas[0].Term != term || metas[0].Configuration.Servers[0].ID != "1") {
			t.Errorf("group %d has the snapshot %+v", group, metas[0])
		}
	}
}

// TestARestoreIsWholeOrRefused cuts the power at every sync of a restore, and stops it at
// damage: what it leaves says of itself that it is of no use, or is as it should be.
func TestARestoreIsWholeOrRefused(t *testing.T) {
	b, wrote := written(t, func(s *Source) { s.Tables = s.Tables[:1] })
	for n := 1; ; n += 2 {
		mem := vfs.NewCrashableMem()
		spy := &cutter{FS: mem, mem: mem, left: n}
		if _, _, err := restore(spy, b); err != nil {
			t.Fatal(err)
		}
		if spy.after == nil {
			if n < 10 {
				t.Errorf("a restore has only %d syncs", n)
			}
			break
		}
		again, _, err := restore(spy.after, b)
		switch {
		case err == nil: // nothing of it was there yet
			if !reflect.DeepEqual(again, wrote) {
				t.Fatalf("cut at sync %d, then restored %+v", n, again)
			}
		case CheckFinished(spy.after, "data") != nil:
			if !strings.Contains(err.Error(), "restore again") {
				t.Fatalf("cut at sync %d: %v", n, err)
			}
		default: // it is finished
			s, err := records.Open(records.Options{FS: spy.after, Dir: "data", Clock: clock.Real(),
				Fatal: func(err error) { panic(err) }})
			if err != nil {
				t.Fatal(err)
			}
			err = s.View(context.Background(), func(r record.Reader) error {
				_, digest, err := DigestRows(r, s.Tables(), nil)
				if digest != wrote.Parts[4].Digest {
					t.Errorf("cut at sync %d: the records have the digest %x", n, digest)
				}
				return err
			})
			if err := errors.Join(err, s.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
	fs := vfs.NewMem()
	if _, _, err := restore(fs, b[:len(b)-1]); err == nil || CheckFinished(fs, "data") == nil {
		t.Errorf("a restore of a backup that is cut short: %v, and the directory is taken for whole", err)
	}
}

// cutter cuts the power at a sync.
type cutter struct {
	vfs.FS
	mem   *vfs.MemFS
	mu    sync.Mutex
	left  int
	after *vfs.MemFS // what the power cut left
}

func (c *cutter) synced() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left == 0 {
		c.after = c.mem.CrashClone(vfs.CrashCloneCfg{})
	}
}

func (c *cutter) Create(name string, k vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := c.FS.Create(name, k)
	return &cutFile{f, c}, err
}

func (c *cutter) OpenDir(name string) (vfs.File, error) {
	f, err := c.FS.OpenDir(name)
	return &cutFile{f, c}, err
}

type cutFile struct {
	vfs.File
	c *cutter
}

func (f *cutFile) Sync() error     { f.c.synced(); return f.File.Sync() }
func (f *cutFile) SyncData() error { f.c.synced(); return f.File.SyncData() }

// FuzzRead: no bytes crash a reader or make it hold much.
func FuzzRead(f *testing.F) {
	b, _ := written(f, func(s *Source) { s.Shards, s.Tables = s.Shards[:1], s.Tables[:1] })
	f.Add(b)
	f.Add(b[:headBytes])
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = verify(sealed(b)) })
}

// sealed makes checksums right where there are whole blocks, so that fuzzing gets past them.
func sealed(b []byte) []byte {
	if len(b) < headBytes {
		return b
	}
	out, seed := appendHead(nil, 1)
	rest := b[headBytes:]
	for number := uint64(0); len(rest) > blockHeadBytes; number++ {
		n := min(int(rest[1])|int(rest[2])<<8, len(rest)-blockHeadBytes)
		payload := rest[blockHeadBytes : blockHeadBytes+n]
		out = append(out, rest[0])
		out = append(out, byte(n), byte(n>>8), 0, 0)
		sum := blockSum(seed, number, rest[0], payload)
		out = append(out, byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24))
		out = append(out, payload...)
		rest = rest[blockHeadBytes+n:]
	}
	return append(out, rest...)
}

// FuzzRows feeds the values of the records under the compression.
func FuzzRows(f *testing.F) {
	var b bytes.Buffer
	e := rowsEncoder{e: pack.NewEncoder(&b), digest: newRowsDigest()}
	row := &record.Row{Key: []record.Value{record.Uint(3)}, Columns: []record.Value{record.String("n")}}
	if err := errors.Join(e.table(friends), e.row(row), e.e.Flush()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		d := rowsDecoder{d: pack.NewDecoder(bytes.NewReader(b)), digest: newRowsDigest()}
		for more, err := true, error(nil); more && err == nil; {
			more, err = d.value(func(*record.Table) error { return nil },
				func(t *record.Table, r *record.Row) error { _ = t.CheckRow(r); return nil })
		}
	})
}
