package record

import (
	"fmt"
	"slices"
)

// Table describes a table. It never changes once a store was opened with it, and
// is known by its address: one value per table.
type Table struct {
	Name    string   // a to z, 0 to 9 and _, beginning with a letter
	Key     []Column // name a row, and order the rows; at least one
	Columns []Column // further ones
	Indexes []Index
}

// Column is a typed column. Names are formed like those of tables; "doc" is the
// document's.
type Column struct {
	Name string
	Type Type
}

// Index lets rows be scanned in the order of some of their columns, key columns
// and others.
type Index struct {
	Name    string // unique in its table
	Columns []string
}

// documentName is what a SQL store calls the column of the document.
const documentName = "doc"

// Check says what is wrong with a table.
func (t *Table) Check() error {
	if err := t.check(); err != nil {
		return fmt.Errorf("the table %q: %w", t.Name, err)
	}
	return nil
}

func (t *Table) check() error {
	if err := checkName(t.Name); err != nil {
		return err
	}
	if n := len(t.Key) + len(t.Columns); len(t.Key) == 0 || n > ColumnsMax {
		return fmt.Errorf("%d key columns of %d in all: at least 1, and %d in all",
			len(t.Key), n, ColumnsMax)
	}
	seen := map[string]bool{documentName: true}
	for _, c := range slices.Concat(t.Key, t.Columns) {
		if err := checkName(c.Name); err != nil {
			return err
		}
		if c.Type < TypeBytes || c.Type > TypeUUID {
			return fmt.Errorf("the column %q has the unknown type %d", c.Name, uint8(c.Type))
		}
		if seen[c.Name] {
			return fmt.Errorf("the name %q is taken, choose another for the column", c.Name)
		}
		seen[c.Name] = true
	}
	return t.checkIndexes()
}

func (t *Table) checkIndexes() error {
	if len(t.Indexes) > IndexesMax {
		return fmt.Errorf("%d indexes: at most %d", len(t.Indexes), IndexesMax)
	}
	seen := map[string]bool{}
	for _, x := range t.Indexes {
		if err := checkName(x.Name); err != nil {
			return err
		}
		if seen[x.Name] || len(x.Columns) == 0 {
			return fmt.Errorf("the index %q is there twice or has no columns", x.Name)
		}
		seen[x.Name] = true
		for i, name := range x.Columns {
			if _, ok := t.column(name); !ok || slices.Contains(x.Columns[:i], name) {
				return fmt.Errorf("the index %q names the column %q, which is not there or twice",
					x.Name, name)
			}
		}
	}
	return nil
}

func checkName(name string) error {
	if len(name) == 0 || len(name) > NameBytesMax {
		return fmt.Errorf("the name %q has %d bytes: 1 to %d", name, len(name), NameBytesMax)
	}
	for i, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return fmt.Errorf("the name %q: use a to z, 0 to 9 and _, a letter first", name)
		}
	}
	return nil
}

// column returns the position of a column among those of the key and then the
// others.
func (t *Table) column(name string) (at int, ok bool) {
	named := func(c Column) bool { return c.Name == name }
	if i := slices.IndexFunc(t.Key, named); i >= 0 {
		return i, true
	}
	i := slices.IndexFunc(t.Columns, named)
	return len(t.Key) + i, i >= 0
}

func (t *Table) columnAt(at int) Column {
	if at < len(t.Key) {
		return t.Key[at]
	}
	return t.Columns[at-len(t.Key)]
}

// ByKey stands for the order of the keys where an index is asked for.
const ByKey = -1

// index returns the position of a named index, ByKey for "".
func (t *Table) index(name string) (at int, ok bool) {
	if name == "" {
		return ByKey, true
	}
	at = slices.IndexFunc(t.Indexes, func(x Index) bool { return x.Name == name })
	return at, at >= 0
}

// Position returns the columns that order rows in an index, or ByKey: those of
// the index, and then those of the key.
func (t *Table) Position(index int) []Column {
	if index == ByKey {
		return t.Key
	}
	names := t.Indexes[index].Columns
	out := make([]Column, 0, len(names)+len(t.Key))
	for _, name := range names {
		at, _ := t.column(name)
		out = append(out, t.columnAt(at))
	}
	return append(out, t.Key...)
}
