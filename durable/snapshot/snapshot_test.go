package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/hashicorp/raft"
	"go.uber.org/goleak"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/clock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const group = 3

func configuration() raft.Configuration {
	return raft.Configuration{Servers: []raft.Server{
		{Suffrage: raft.Voter, ID: "1", Address: "10.0.0.1:7402"},
		{Suffrage: raft.Nonvoter, ID: "2", Address: "10.0.0.2:7402"},
	}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newDisk(t testing.TB) *vfs.MemFS {
	t.Helper()
	fs := vfs.NewCrashableMem()
	must(t, fs.MkdirAll("data", 0o755))
	must(t, disk.SyncDir(fs, ""))
	return fs
}

func options(t testing.TB, fs vfs.FS) Options {
	return Options{FS: fs, Dir: "data", Group: group, Clock: clock.Real(),
		Fatal: func(err error) { t.Errorf("Fatal was called: %v", err) }}
}

func mustOpen(t testing.TB, fs vfs.FS) *Store {
	t.Helper()
	s, err := Open(options(t, fs))
	must(t, err)
	return s
}

func payload(n int, seed uint64) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(n)})
	_, _ = r.Read(b)
	return b
}

// write makes a snapshot in pieces of uneven size.
func write(s *Store, term, index uint64, p []byte) error {
	k, err := s.Create(raft.SnapshotVersionMax, index, term, configuration(), index-1, nil)
	if err != nil {
		return err
	}
	for n := 1; len(p) > 0; n = n*3 + 1 {
		m := min(n, len(p))
		if _, err := k.Write(p[:m]); err != nil {
			return errors.Join(err, k.Cancel())
		}
		p = p[m:]
	}
	return k.Close()
}

// read returns the newest snapshot; index 0 means that there is none.
func read(s *Store) (index uint64, p []byte, err error) {
	list, err := s.List()
	if err != nil || len(list) == 0 {
		return 0, nil, err
	}
	m, r, err := s.Open(list[0].ID)
	if err != nil {
		return 0, nil, err
	}
	p, err = io.ReadAll(r)
	if err == nil && int64(len(p)) != m.Size {
		err = fmt.Errorf("read %d bytes, meta says %d", len(p), m.Size)
	}
	return m.Index, p, errors.Join(err, r.Close())
}

func TestSnapshotComesBackWithItsMeta(t *testing.T) {
	for _, size := range []int{0, 1, BlockBytesMax - 1, BlockBytesMax, BlockBytesMax + 1, 1 << 20} {
		fs := newDisk(t)
		s := mustOpen(t, fs)
		if list, err := s.List(); err != nil || len(list) != 0 {
			t.Fatalf("a new store lists %v, %v", list, err)
		}
		p := payload(size, 1)
		must(t, write(s, 2, 100, p))
		for range 2 {
			list, err := s.List()
			must(t, err)
			want := raft.SnapshotMeta{Version: 1, ID: "2-100", Index: 100, Term: 2,
				Configuration: configuration(), ConfigurationIndex: 99, Size: int64(size)}
			if len(list) != 1 || !reflect.DeepEqual(*list[0], want) {
				t.Fatalf("list is %+v, want %+v", list, want)
			}
			if index, got, err := read(s); err != nil || index != 100 || !bytes.Equal(got, p) {
				t.Fatalf("read %d bytes of %d, %v", len(got), index, err)
			}
			s = mustOpen(t, fs)
		}
	}
}

func files(t testing.TB, fs vfs.FS) []string {
	t.Helper()
	names, err := fs.List(fmt.Sprintf("data/snapshots/%d", group))
	must(t, err)
	return names
}

func TestOnlyTheNewestStays(t *testing.T) {
	fs := newDisk(t)
	s := mustOpen(t, fs)
	must(t, write(s, 1, 10, payload(10, 1)))
	late, err := s.Create(1, 15, 1, configuration(), 1, nil) // begun before 20, closed after it
	must(t, err)
	must(t, write(s, 1, 20, payload(20, 2)))
	must(t, late.Close())
	must(t, late.Close())
	must(t, late.Cancel())
	if got := files(t, fs); !reflect.DeepEqual(got, []string{"1-20.snap"}) {
		t.Fatalf("files are %v", got)
	}
	if index, p, err := read(s); err != nil || index != 20 || !bytes.Equal(p, payload(20, 2)) {
		t.Fatalf("newest is %d, %v", index, err)
	}
	if _, _, err := s.Open("1-10"); err == nil {
		t.Fatal("an old snapshot was opened")
	}
	for _, bad := range []string{"", "1", "../1-20", "01-20", "1-20.snap", "0-0"} {
		if _, _, err := s.Open(bad); err == nil {
			t.Fatalf("%q was opened", bad)
		}
	}
}

func TestCancelLeavesTheOldOne(t *testing.T) {
	fs := newDisk(t)
	s := mustOpen(t, fs)
	must(t, write(s, 1, 10, payload(10, 1)))
	k, err := s.Create(1, 20, 1, configuration(), 1, nil)
	must(t, err)
	_, err = k.Write(payload(1<<18, 2))
	must(t, err)
	must(t, k.Cancel())
	must(t, k.Close())
	if _, err := k.Write([]byte{1}); err == nil {
		t.Fatal("a write after Cancel succeeded")
	}
	if got := files(t, fs); !reflect.DeepEqual(got, []string{"1-10.snap"}) {
		t.Fatalf("files are %v", got)
	}
}

func TestReaderOutlivesReplacement(t *testing.T) {
	fs := newDisk(t)
	s := mustOpen(t, fs)
	old := payload(1<<18, 1)
	must(t, write(s, 1, 10, old))
	_, r, err := s.Open("1-10")
	must(t, err)
	must(t, write(s, 1, 20, payload(5, 2)))
	got, err := io.ReadAll(r)
	must(t, err)
	must(t, r.Close())
	if !bytes.Equal(got, old) {
		t.Fatal("the replaced snapshot reads differently")
	}
}

// A crash at any write, sync or rename leaves the old snapshot or the new one.
func TestCrashLeavesOneWholeSnapshot(t *testing.T) {
	old, fresh := payload(3000, 1), payload(200_000, 2)
	for step := int32(0); ; step++ {
		disk := newDisk(t)
		must(t, write(mustOpen(t, disk), 1, 10, old))
		crashed := make(chan *vfs.MemFS, 1)
		var ops atomic.Int32
		watch := errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && ops.Add(1) == step {
				rng := rand.New(rand.NewPCG(uint64(step), 7))
				crashed <- disk.CrashClone(vfs.CrashCloneCfg{
					UnsyncedDataPercent: int(step%3) * 50, RNG: rng})
			}
			return nil
		})
		s := mustOpen(t, errorfs.Wrap(disk, watch))
		must(t, write(s, 1, 20, fresh))
		if ops.Load() < step {
			return // the last step went by
		}
		if step == 0 {
			continue
		}
		index, p, err := read(mustOpen(t, <-crashed))
		want := old
		if index == 20 {
			want = fresh
		}
		if err != nil || index == 0 || !bytes.Equal(p, want) {
			t.Fatalf("crash at step %d: snapshot %d, %d bytes, %v", step, index, len(p), err)
		}
	}
}

// Every failed write or sync is fatal once, and what was there stays.
func TestDiskErrorsAreFatalOnce(t *testing.T) {
	disk := newDisk(t)
	must(t, write(mustOpen(t, disk), 1, 10, payload(10, 1)))
	index := errorfs.OnIndex(-1)
	var fatal atomic.Int32
	o := options(t, errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		// The reader's operations are not the subject, and a file that cannot
		// be removed harms nobody.
		if op.Kind.ReadOrWrite() != errorfs.OpIsWrite || op.Kind == errorfs.OpRemove ||
			op.Kind == errorfs.OpFileClose {
			return nil
		}
		return index.MaybeError(op)
	})))
	o.Fatal = func(error) { fatal.Add(1) }
	for step := int32(0); ; step++ {
		s, err := Open(o)
		must(t, err)
		fatal.Store(0)
		index.Index.Store(step)
		err = write(s, 1, uint64(100+step), payload(100_000, 2))
		if err == nil {
			if step < 5 {
				t.Fatalf("only %d steps were made to fail", step)
			}
			return
		}
		index.Index.Store(-1)
		if fatal.Load() != 1 {
			t.Fatalf("step %d: Fatal was called %d times for %v", step, fatal.Load(), err)
		}
		if _, err := s.List(); err == nil {
			t.Fatalf("step %d: a failed store lists", step)
		}
		if _, err := s.Create(1, 1000, 1, configuration(), 1, nil); err == nil {
			t.Fatalf("step %d: a failed store creates", step)
		}
		if _, _, err := read(mustOpen(t, disk)); err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
	}
}

const smallFile = "data/snapshots/3/1-10.snap"

// smallSnapshot is a file of three short blocks and its payload.
func smallSnapshot(t testing.TB) (file, p []byte) {
	t.Helper()
	fs := newDisk(t)
	s := mustOpen(t, fs)
	k, err := s.Create(1, 10, 1, configuration(), 1, nil)
	must(t, err)
	for range 3 {
		b := payload(40, uint64(len(p)))
		p = append(p, b...)
		_, err := k.Write(b)
		must(t, err)
		k.(*Sink).flush()
	}
	must(t, k.Close())
	return load(t, fs, smallFile), p
}

func load(t testing.TB, fs vfs.FS, path string) []byte {
	t.Helper()
	f, err := fs.Open(path)
	must(t, err)
	b, err := io.ReadAll(f)
	must(t, errors.Join(err, f.Close()))
	return b
}

// readFile puts a file's bytes where a store finds them and reads all of it.
func readFile(t testing.TB, file []byte) ([]byte, error) {
	t.Helper()
	fs := newDisk(t)
	o := options(t, fs)
	o.Fatal = func(error) {}
	must(t, fs.MkdirAll("data/snapshots/3", 0o755))
	f, err := fs.Create(smallFile, vfs.WriteCategoryUnspecified)
	must(t, err)
	_, err = f.Write(file)
	must(t, errors.Join(err, f.Close()))
	s, err := Open(o)
	if err != nil {
		return nil, err
	}
	_, p, err := read(s)
	return p, err
}

func TestFlippedByteIsNamedAndNeverData(t *testing.T) {
	file, p := smallSnapshot(t)
	for i := range file {
		for _, flip := range []byte{0x01, 0x80, 0xff} {
			damaged := bytes.Clone(file)
			damaged[i] ^= flip
			got, err := readFile(t, damaged)
			var corrupt *CorruptionError
			if !errors.As(err, &corrupt) || !strings.Contains(corrupt.File, "1-10.snap") {
				t.Fatalf("byte %d flipped: %v", i, err)
			}
			if !bytes.HasPrefix(p, got) {
				t.Fatalf("byte %d flipped: read % x, which was never written", i, got)
			}
		}
	}
}

func TestCutOrExtendedFileIsNamed(t *testing.T) {
	file, _ := smallSnapshot(t)
	for n := range file {
		if _, err := readFile(t, file[:n]); err == nil {
			t.Fatalf("a file cut to %d of %d bytes was read", n, len(file))
		}
	}
	if _, err := readFile(t, append(bytes.Clone(file), 0)); err == nil {
		t.Fatal("a file with a byte too many was read")
	}
}

func TestBlockOfAnotherSnapshotIsNamed(t *testing.T) {
	file, _ := smallSnapshot(t)
	fs := newDisk(t)
	s := mustOpen(t, fs)
	must(t, write(s, 1, 11, payload(120, 9)))
	other := load(t, fs, "data/snapshots/3/1-11.snap")
	n := len(file) - 3*48 - trailerBytes // the heads are of one length
	spliced := append(bytes.Clone(file[:n]), other[n:]...)
	if _, err := readFile(t, spliced); err == nil {
		t.Fatal("blocks of another snapshot were read")
	}
}

func TestNewerFormatIsRefusedByName(t *testing.T) {
	file, _ := smallSnapshot(t)
	file[len(magic)] = version + 1
	if _, err := readFile(t, file); err == nil || !strings.Contains(err.Error(), "format 2") {
		t.Fatalf("a newer format gives %v", err)
	}
}

func TestDamagedNewestIsNotReplacedByAnOlderOne(t *testing.T) {
	fs := newDisk(t)
	must(t, write(mustOpen(t, fs), 1, 10, payload(10, 1)))
	f, err := fs.Create("data/snapshots/3/1-20.snap", vfs.WriteCategoryUnspecified)
	must(t, err)
	must(t, f.Close())
	if _, err := Open(options(t, fs)); err == nil {
		t.Fatal("the store opened over a damaged newest snapshot")
	}
}

func FuzzReader(f *testing.F) {
	file, _ := smallSnapshot(f)
	f.Add(file)
	f.Add(file[:len(file)-1])
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := readFile(t, b)
		if err == nil && len(p) > len(b) {
			t.Fatalf("%d bytes of payload out of %d", len(p), len(b))
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	s := mustOpen(b, newDisk(b))
	p := payload(1<<20, 1)
	b.SetBytes(64 << 20)
	for i := range b.N {
		k, err := s.Create(1, uint64(i+1), 1, configuration(), 1, nil)
		must(b, err)
		for range 64 {
			_, err := k.Write(p)
			must(b, err)
		}
		must(b, k.Close())
	}
}
