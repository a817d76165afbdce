package record

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/record"
)

// storeVersion is the format of everything that this package stores. It is the
// first byte of all entries of the catalog.
const storeVersion = 1

// catalogHeadBytes is the head of a table's entry: its seal, and its number.
const catalogHeadBytes = disk.SealBytes + 4

// catalog is what a store says of itself.
type catalog struct {
	found  bool // it says something
	tables map[string]catalogEntry
	last   uint32 // the highest number of a table; 0: none
}

type catalogEntry struct {
	id     uint32
	schema []byte
}

// catalogKey is the key of a table's entry; without a name of the store's.
func catalogKey(name string) []byte { return append([]byte{catalogPrefix}, name...) }

// load reads the catalog, whose keys lie before all others.
func (c *catalog) load(db *pebble.DB) error {
	c.tables = map[string]catalogEntry{}
	it, err := db.NewIter(nil)
	if err != nil {
		return fmt.Errorf("read the catalog: %w", err)
	}
	for ok := it.First(); ok && err == nil; ok = it.Next() {
		key := it.Key()
		if key[0] != catalogPrefix && c.found {
			break
		}
		var value []byte
		if value, err = it.ValueAndErr(); err == nil {
			err = c.add(key, value)
		}
	}
	return errors.Join(err, it.Error(), it.Close())
}

// add reads one entry.
func (c *catalog) add(key, value []byte) error {
	name := string(key[1:])
	corrupt := func(reason string) error {
		return disk.Corrupt(fmt.Sprintf("the catalog of the record tables at %q", key), reason)
	}
	switch {
	case key[0] != catalogPrefix || (name == "") == c.found:
		return corrupt("the entry of the store itself does not come first")
	case len(value) > 0 && value[0] > storeVersion:
		return fmt.Errorf("the record tables were written by a newer version of throng "+
			"(format %d, this one reads %d): start the newer version", value[0], storeVersion)
	case !disk.Sealed(key, value) || value[0] != storeVersion:
		return corrupt("its checksum does not match")
	}
	if name == "" {
		c.found = true
		return nil
	}
	id, schema, ok := decodeCatalogEntry(value)
	if !ok {
		return corrupt("it has no table's number")
	}
	c.tables[name] = catalogEntry{id, bytes.Clone(schema)}
	c.last = max(c.last, id)
	return nil
}

// complete returns the shapes of tables, and adds to the batch what the catalog
// does not have yet.
func (c *catalog) complete(
	tables []*record.Table, b *pebble.Batch,
) (map[*record.Table]*shape, error) {
	if !c.found {
		if err := b.Set(catalogKey(""), storeEntry(), nil); err != nil {
			return nil, fmt.Errorf("write the catalog: %w", err)
		}
	}
	shapes := map[*record.Table]*shape{}
	names := map[string]bool{}
	for _, t := range tables {
		if err := t.Check(); err != nil {
			return nil, err
		}
		if names[t.Name] {
			return nil, fmt.Errorf("the table %q is named twice", t.Name)
		}
		names[t.Name] = true
		schema := EncodeSchema(t)
		entry, ok := c.tables[t.Name]
		if !ok {
			c.last++
			entry = catalogEntry{c.last, schema}
			if err := b.Set(catalogKey(t.Name), entry.encode(t.Name), nil); err != nil {
				return nil, fmt.Errorf("write the catalog: %w", err)
			}
		}
		if !bytes.Equal(entry.schema, schema) {
			return nil, fmt.Errorf("the table %q was stored with other columns or indexes than "+
				"this version of throng has: start the version that wrote it", t.Name)
		}
		shapes[t] = newShape(t, entry.id)
	}
	return shapes, nil
}

// others adds the shapes of tables that are stored and were not named, and returns all.
func (c *catalog) others(
	named []*record.Table, shapes map[*record.Table]*shape,
) ([]*record.Table, error) {
	all := slices.Clone(named)
	for name, entry := range c.tables {
		if slices.ContainsFunc(named, func(t *record.Table) bool { return t.Name == name }) {
			continue
		}
		t, err := DecodeSchema(name, entry.schema)
		if err != nil {
			return nil, disk.Corrupt("the catalog of the record tables", err.Error())
		}
		shapes[t] = newShape(t, entry.id)
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *record.Table) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

func storeEntry() []byte {
	value := make([]byte, disk.SealBytes)
	value[0] = storeVersion
	disk.Seal(catalogKey(""), value)
	return value
}

func (e catalogEntry) encode(name string) []byte {
	value := append(make([]byte, 0, 64), storeVersion, 0, 0, 0, 0)
	value = binary.BigEndian.AppendUint32(value, e.id)
	value = append(value, e.schema...)
	disk.Seal(catalogKey(name), value)
	return value
}

// decodeCatalogEntry reads the entry of a table, whose seal was looked at.
func decodeCatalogEntry(value []byte) (id uint32, schema []byte, ok bool) {
	if len(value) < catalogHeadBytes {
		return 0, nil, false
	}
	id = binary.BigEndian.Uint32(value[disk.SealBytes:])
	return id, value[catalogHeadBytes:], id != 0
}
