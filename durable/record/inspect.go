package record

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/record"
)

// Inspection is record tables that are looked at, and not opened: nothing is written or
// repaired, and what is damaged is told and does not end it. It belongs to one goroutine.
type Inspection struct {
	Last   uint64       // number of the last transaction
	Known  uint64       // of the last that was acknowledged, by the facts file; 0: it says nothing
	Tables []Stored     // by name
	Damage disk.Damages // all that Open or a read would refuse, as far as it was found

	pebble *disk.View // nil: it cannot be read at all
	shapes map[uint32]*shape
	counts map[uint32]*Stored
	hidden bool // some rows or entries of indexes could not be read
}

// Stored is a table and what it holds.
type Stored struct {
	Table   *record.Table
	Number  uint32   // of the table in the store
	Rows    uint64   // that are whole
	Damaged uint64   // rows that are not
	Bytes   int64    // of all rows as stored
	Indexed []uint64 // entries of each index
}

// Found is a row of tables that are looked at.
type Found struct {
	Key   []byte      // as stored
	Row   *record.Row // nil if something is wrong
	Bytes int         // as stored
	Wrong string      // what is wrong with it; "": nothing
}

// InspectFacts reads the facts file alone, which can be done while the node runs: the number
// of the last transaction that was acknowledged, 0 if the file says nothing.
func InspectFacts(fsys vfs.FS, dir string) (last uint64, err error) {
	path := fsys.PathJoin(dir, factsName)
	f, err := fsys.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", path, err)
	}
	last, err = readWitness(f, path, make([]byte, len(factsMagic)+numberBytes))
	return last, errors.Join(err, f.Close())
}

// Inspect looks at the record tables of a data directory, whose node must not run. It reads
// all of them. An error means that there is nothing to be looked at, or that a newer version
// wrote it.
func Inspect(fs vfs.FS, dir string) (*Inspection, error) {
	x := &Inspection{shapes: map[uint32]*shape{}, counts: map[uint32]*Stored{}}
	path := fs.PathJoin(dir, dirName)
	if _, err := fs.Stat(path); err != nil {
		return nil, fmt.Errorf("there are no record tables in %s: %w", dir, err)
	}
	var err error
	if x.Known, err = InspectFacts(fs, dir); err != nil {
		return nil, err
	}
	if x.pebble, err = disk.OpenView(fs, path); err != nil {
		var corrupt *disk.CorruptionError
		if errors.As(err, &corrupt) {
			x.Damage.Note(err)
			return x, nil
		}
		return nil, err
	}
	x.pebble.VerifyTables(x.Damage.Note)
	if err := x.read(); err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

// Close releases the files.
func (x *Inspection) Close() error {
	if x.pebble == nil {
		return nil
	}
	return x.pebble.Close()
}

// read reads all that there is. The error is of a newer version.
func (x *Inspection) read() error {
	if err := x.readCatalog(); err != nil {
		return err
	}
	last, err := lastNumber(x.pebble.DB)
	if err == nil {
		x.Last = last
		err = check(last, x.Known)
	}
	if err != nil {
		x.Damage.Note(x.pebble.Damage(err))
	}
	x.scan(rowPrefix, func(key, value []byte) error {
		s, count, err := x.tableOf(key, rowHeadBytes)
		if err != nil {
			return err
		}
		count.Bytes += int64(len(value))
		if _, reason := s.decodeRow(key, value); reason != "" {
			count.Damaged++
			return disk.Corrupt(rowName(s, key), reason)
		}
		count.Rows++
		return nil
	})
	x.scan(indexPrefix, func(key, _ []byte) error {
		_, count, err := x.tableOf(key, indexHeadBytes)
		if err != nil {
			return err
		}
		if at := int(key[indexHeadBytes-1]); at < len(count.Indexed) {
			count.Indexed[at]++
			return nil
		}
		return unknownKey(key)
	})
	x.compare()
	return nil
}

// compare looks whether each row has its entry in each index: I2.
func (x *Inspection) compare() {
	for i := range x.Tables {
		t := &x.Tables[i]
		for at, n := range t.Indexed {
			if n != t.Rows+t.Damaged && !x.hidden {
				x.Damage.Note(disk.Corrupt(fmt.Sprintf("the index %s of the table %s",
					t.Table.Indexes[at].Name, t.Table.Name), fmt.Sprintf(
					"it has %d entries for %d rows", n, t.Rows+t.Damaged)))
			}
		}
	}
}

// readCatalog reads which tables there are.
func (x *Inspection) readCatalog() error {
	c := catalog{tables: map[string]catalogEntry{}}
	var newer error
	x.scan(catalogPrefix, func(key, value []byte) error {
		err := c.add(key, value)
		var corrupt *disk.CorruptionError
		if err != nil && !errors.As(err, &corrupt) {
			newer = errors.Join(newer, err)
			return nil
		}
		return err
	})
	if newer != nil {
		return newer
	}
	for _, name := range slices.Sorted(maps.Keys(c.tables)) {
		entry := c.tables[name]
		t, err := DecodeSchema(name, entry.schema)
		if err != nil {
			x.Damage.Note(disk.Corrupt("the catalog of the record tables", err.Error()))
			continue
		}
		x.shapes[entry.id] = newShape(t, entry.id)
		x.Tables = append(x.Tables,
			Stored{Table: t, Number: entry.id, Indexed: make([]uint64, len(t.Indexes))})
	}
	for i := range x.Tables {
		x.counts[x.Tables[i].Number] = &x.Tables[i]
	}
	return nil
}

// Rows calls each with the rows of a table in the order of their keys, until it returns
// false.
func (x *Inspection) Rows(t *Stored, each func(Found) bool) {
	s := x.shapes[t.Number]
	low := s.appendHead(nil, record.ByKey)
	it, err := x.pebble.NewIter(&pebble.IterOptions{LowerBound: low,
		UpperBound: record.Successor(s.appendHead(nil, record.ByKey))})
	if err != nil {
		return // as Inspect has said
	}
	more := true
	for ok := it.First(); ok && more; ok = it.Next() {
		f := Found{Key: slices.Clone(it.Key())}
		value, err := it.ValueAndErr()
		if err != nil {
			break
		}
		f.Bytes = len(value)
		f.Row, f.Wrong = s.decodeRow(f.Key, value)
		more = each(f)
	}
	_ = it.Close() // what it met Inspect has met, too
}
