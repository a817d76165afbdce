package record

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/record"
)

func put(t testing.TB, s *Store, table *record.Table, rows ...*record.Row) {
	t.Helper()
	must(t, s.Update(context.Background(), func(tx record.Tx) error {
		for _, r := range rows {
			if err := tx.Put(table, r); err != nil {
				return err
			}
		}
		return nil
	}))
}

// read returns a row, or nil.
func read(s *Store, table *record.Table, key ...record.Value) (row *record.Row, err error) {
	err = s.View(context.Background(), func(r record.Reader) error {
		row, err = r.Get(table, key...)
		return err
	})
	return row, err
}

// Tables keep their rows however they are listed, and new ones join them.
func TestTablesKeepTheirRows(t *testing.T) {
	fs := vfs.NewMem()
	named := func(name string) *record.Table {
		table := logs()
		table.Name = name
		return table
	}
	a, b, c := named("a"), named("b"), named("c")
	s := mustOpen(t, testOptions(t, fs, b, a))
	put(t, s, a, logRow(1, 1, 10, 1))
	put(t, s, b, logRow(1, 1, 20, 1))
	must(t, s.Close())
	s = mustOpen(t, testOptions(t, fs, a, c)) // b is there all the same
	put(t, s, c, logRow(1, 1, 30, 1))
	must(t, s.Close())
	a, b, c = named("a"), named("b"), named("c") // as the next process has them
	s = mustOpen(t, testOptions(t, fs, c, b, a))
	for table, want := range map[*record.Table]uint64{a: 10, b: 20, c: 30} {
		row, err := read(s, table, record.Uint(1), record.Uint(1))
		if err != nil || row == nil || row.Columns[0].Uint() != want {
			t.Errorf("the table %s has %v, %v; want %d", table.Name, row, err, want)
		}
	}
	must(t, s.Close())
}

// What cannot be opened, and what is said about it.
func TestOpenRefuses(t *testing.T) {
	otherType, otherIndex, bad := logs(), logs(), logs()
	otherType.Columns[0].Type, otherIndex.Indexes[0].Name, bad.Key = record.TypeInt, "x", nil
	set := func(key, value []byte) func(*pebble.DB) error {
		return func(db *pebble.DB) error { return db.Set(key, value, pebble.Sync) }
	}
	damaged := storeEntry()
	damaged[2] ^= 1
	newer := storeEntry()
	newer[0]++
	disk.Seal(catalogKey(""), newer)
	for what, tc := range map[string]struct {
		spoil func(*pebble.DB) error
		table *record.Table
		want  string
	}{
		"another type":    {nil, otherType, "with other columns"},
		"another index":   {nil, otherIndex, "with other columns or indexes"},
		"a bad table":     {nil, bad, "at least 1"},
		"a newer store":   {set(catalogKey(""), newer), logs(), "format 2, this one reads 1): start the newer version"},
		"a damaged entry": {set(catalogKey(""), damaged), logs(), "its checksum does not match"},
		"an entry of another table": {
			set(catalogKey("logs"), catalogEntry{1, nil}.encode("other")), logs(), "its checksum does not match"},
		"a table without a number": {
			set(catalogKey("logs"), catalogEntry{0, nil}.encode("logs")), logs(), "no table's number"},
		"a catalog that is gone": {func(db *pebble.DB) error {
			return db.DeleteRange([]byte{catalogPrefix}, []byte{catalogPrefix + 1}, pebble.Sync)
		}, logs(), "does not come first"},
		"an entry of the store that is gone": {func(db *pebble.DB) error {
			return db.Delete(catalogKey(""), pebble.Sync)
		}, logs(), "does not come first"},
	} {
		fs := vfs.NewMem()
		table := logs()
		s := mustOpen(t, testOptions(t, fs, table))
		put(t, s, table, logRow(1, 1, 1, 1))
		if tc.spoil != nil {
			must(t, tc.spoil(s.pebble))
		}
		must(t, s.Close())
		_, err := Open(testOptions(t, fs, tc.table))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", what, err, tc.want)
		}
		if tc.spoil == nil { // and nothing was left open, or spoiled
			must(t, mustOpen(t, testOptions(t, fs, logs())).Close())
		}
	}
	if _, err := Open(testOptions(t, vfs.NewMem(), logs(), logs())); err == nil {
		t.Error("a table that is named twice is opened")
	}
	if _, err := Open(Options{}); err == nil {
		t.Error("nothing is opened")
	}
}

func TestASecondProcessIsRefused(t *testing.T) {
	fs := vfs.NewMem()
	s := mustOpen(t, testOptions(t, fs, logs()))
	if _, err := Open(testOptions(t, fs, logs())); err == nil || !strings.Contains(err.Error(), "stop that process") {
		t.Errorf("the same directory again: %v", err)
	}
	must(t, s.Close())
	must(t, mustOpen(t, testOptions(t, fs, logs())).Close())
}

// Bytes that are not what was written are never handed out, and end the node.
func TestCorruptionIsFinal(t *testing.T) {
	row := logRow(1, 2, 3, 4)
	for what, spoil := range map[string]func(s *Store, sh *shape) error{
		"a flipped bit": func(s *Store, sh *shape) error {
			key := sh.appendRowKey(nil, row.Key)
			value := appendValue(nil, key, row)
			value[len(value)-1] ^= 1
			return s.pebble.Set(key, value, pebble.Sync)
		},
		"another row's value": func(s *Store, sh *shape) error {
			other := appendValue(nil, sh.appendRowKey(nil, logRow(1, 9, 9, 9).Key), row)
			return s.pebble.Set(sh.appendRowKey(nil, row.Key), other, pebble.Sync)
		},
		"a row that an index misses": func(s *Store, sh *shape) error {
			return s.pebble.Delete(sh.appendRowKey(nil, row.Key), pebble.Sync)
		},
		"an entry of an index for other columns": func(s *Store, sh *shape) error {
			return s.pebble.Set(sh.appendIndexKey(nil, 0, logRow(1, 2, 0, 0)), nil, pebble.Sync)
		},
	} {
		var fatal []error
		o := testOptions(t, vfs.NewMem(), logs())
		o.Fatal = func(err error) { fatal = append(fatal, err) }
		s := mustOpen(t, o)
		table := o.Tables[0]
		put(t, s, table, row)
		must(t, spoil(s, s.shapes[table]))
		err := s.View(context.Background(), func(r record.Reader) error {
			_, err := r.Scan(table, record.Range{Index: "by_last", Limit: 1})
			return err
		})
		var corrupt *disk.CorruptionError
		if !errors.As(err, &corrupt) || fault.CodeOf(err) != fault.Unavailable || len(fatal) != 1 {
			t.Errorf("%s: %v, fatal %v", what, err, fatal)
		}
		if row, err := read(s, table, row.Key...); err == nil {
			t.Errorf("%s: and then %v is read", what, row)
		}
		if err := s.Close(); !errors.As(err, &corrupt) {
			t.Errorf("%s: Close gives %v", what, err)
		}
	}
}

// Close waits for those who are in, and refuses others.
func TestCloseWaits(t *testing.T) {
	table := logs()
	s := mustOpen(t, testOptions(t, vfs.NewMem(), table))
	inside, goOn := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		err := s.Update(context.Background(), func(tx record.Tx) error {
			close(inside)
			<-goOn
			return tx.Put(table, logRow(1, 1, 1, 1))
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-inside
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	for fault.CodeOf(s.View(context.Background(), func(record.Reader) error { return nil })) == fault.OK {
		time.Sleep(time.Millisecond) // until Close has begun
	}
	select {
	case <-closed:
		t.Error("closed under a transaction")
	default:
	}
	close(goOn)
	must(t, <-closed)
	all.Wait()
	err := s.Update(context.Background(), func(record.Tx) error { return nil })
	if fault.CodeOf(err) != fault.Unavailable || fault.CodeOf(s.Close()) != fault.Unavailable {
		t.Errorf("after Close: %v", err)
	}
}

// Who waits for the turn may give up.
func TestWaitingForTheTurnCanBeGivenUp(t *testing.T) {
	table := logs()
	s := mustOpen(t, testOptions(t, vfs.NewMem(), table))
	ctx, cancel := context.WithCancel(context.Background())
	must(t, s.Update(context.Background(), func(record.Tx) error {
		cancel()
		err := s.Update(ctx, func(tx record.Tx) error { return tx.Put(table, logRow(1, 1, 1, 1)) })
		if fault.CodeOf(err) != fault.Cancelled {
			t.Errorf("given up: %v", err)
		}
		return nil
	}))
	must(t, s.Close())
}

// The bytes of keys and values do not change: what is stored must stay readable.
func TestGoldenBytes(t *testing.T) {
	s := newShape(logs(), 7)
	row := logRow(1, 2, 3, 1)
	key := s.appendRowKey(nil, row.Key)
	w, _, err := openWitness(vfs.NewMem(), "")
	must(t, err)
	must(t, errors.Join(w.write(258), w.close()))
	for what, tc := range map[string]struct{ got, want []byte }{
		"key": {key, []byte("R\x00\x00\x00\x07" +
			"\x00\x00\x00\x00\x00\x00\x00\x01" + "\x00\x00\x00\x00\x00\x00\x00\x02")},
		"value": {appendValue(nil, key, row), []byte("\x01" + "jtH\x84" + "\x01" +
			"\x00\x00\x00\x00\x00\x00\x00\x03" + "\x81\xa1x\xa1x")},
		"index": {s.appendIndexKey(nil, 0, row), []byte("X\x00\x00\x00\x07\x00" + "\x00\x00\x00\x00\x00\x00\x00\x03" +
			"\x00\x00\x00\x00\x00\x00\x00\x01" + "\x00\x00\x00\x00\x00\x00\x00\x02")},
		"store":  {storeEntry(), []byte("\x01L\x9a\xfa\xc8")},
		"number": {appendNumber(nil, numberKey(), 258), []byte("\x01\xaa\xd8\xadv\x00\x00\x00\x00\x00\x00\x01\x02")},
		"facts":  {w.b, []byte("thrgrecs\x01\x18\x90s)\x00\x00\x00\x00\x00\x00\x01\x02")},
		"table": {catalogEntry{7, EncodeSchema(s.Table)}.encode("logs"), []byte("\x01u\x03SB" +
			"\x00\x00\x00\x07" + "\x93" + "\x92\x92\xa6writer\x03\x92\xa4step\x03" + "\x91\x92\xa4last\x03" +
			"\x91\x92\xa7by_last\x91\xa4last")},
	} {
		if !bytes.Equal(tc.got, tc.want) {
			t.Errorf("%s is\n%q, want\n%q", what, tc.got, tc.want)
		}
	}
}

// A first start that fails at any change of the disk is told so, holds nothing,
// and can be done again; and so can one that is cut short there.
func TestAFirstStartCanFailAnywhere(t *testing.T) {
	for at := int64(1); ; at++ {
		under := vfs.NewCrashableMem()
		var ops atomic.Int64
		var cut *vfs.MemFS
		broken := errors.New("the disk is broken")
		o := testOptions(t, errorfs.Wrap(under, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() != errorfs.OpIsWrite || ops.Add(1) != at {
				return nil
			}
			cut = under.CrashClone(vfs.CrashCloneCfg{})
			return fmt.Errorf("%v: %w", op, broken)
		})), logs())
		fatal := false
		o.Fatal = func(error) { fatal = true }
		s, err := Open(o)
		if ops.Load() < at {
			t.Logf("a first start takes %d operations that change the disk", ops.Load())
			ops.Store(at)
			must(t, s.Close())
			return
		}
		if err == nil { // the failure harmed nobody
			must(t, s.Close())
		} else if !errors.Is(err, broken) || fatal {
			t.Errorf("operation %d: %v, fatal %v", at, err, fatal)
		}
		for _, disk := range []*vfs.MemFS{under, cut} {
			o := testOptions(t, disk, logs())
			s := mustOpen(t, o)
			put(t, s, o.Tables[0], logRow(1, 1, 1, 1))
			must(t, s.Close())
		}
	}
}

// A file of Pebble that is damaged is an error that says what to do.
func TestOpenNamesDamage(t *testing.T) {
	fs, table := vfs.NewMem(), logs()
	o := testOptions(t, fs, table)
	s := mustOpen(t, o)
	put(t, s, table, logRow(1, 1, 1, 1))
	must(t, s.Close())
	dir := fs.PathJoin(o.Dir, dirName)
	names, err := fs.List(dir)
	must(t, err)
	for _, name := range names {
		if strings.HasPrefix(name, "MANIFEST") {
			f, err := fs.OpenReadWrite(fs.PathJoin(dir, name), vfs.WriteCategoryUnspecified)
			must(t, err)
			_, err = f.WriteAt([]byte("damage"), 9)
			must(t, errors.Join(err, f.Close()))
		}
	}
	var damage *disk.CorruptionError
	if _, err := Open(o); !errors.As(err, &damage) {
		t.Errorf("opened: %v", err)
	}
}
