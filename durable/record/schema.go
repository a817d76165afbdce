package record

import (
	"fmt"

	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/record"
)

// EncodeSchema returns the columns and indexes of a table as they are stored: [key columns,
// further columns, indexes], a column being [name, type], an index [name, [column's
// name, …]].
func EncodeSchema(t *record.Table) []byte {
	b := pack.AppendArray(nil, 3)
	for _, columns := range [][]record.Column{t.Key, t.Columns} {
		b = pack.AppendArray(b, len(columns))
		for _, c := range columns {
			b = pack.AppendString(pack.AppendArray(b, 2), c.Name)
			b = pack.AppendUint(b, uint64(c.Type))
		}
	}
	b = pack.AppendArray(b, len(t.Indexes))
	for _, x := range t.Indexes {
		b = pack.AppendString(pack.AppendArray(b, 2), x.Name)
		b = pack.AppendArray(b, len(x.Columns))
		for _, name := range x.Columns {
			b = pack.AppendString(b, name)
		}
	}
	return b
}

// DecodeSchema returns the table with a name and what EncodeSchema wrote. The error says
// what is wrong with either.
func DecodeSchema(name string, schema []byte) (*record.Table, error) {
	in := pack.NewCursor(schema)
	t := &record.Table{Name: name}
	more := in.Fields(3)
	t.Key = decodeColumns(&in)
	t.Columns = decodeColumns(&in)
	for range min(in.Array(), record.IndexesMax+1) {
		more := in.Fields(2)
		x := record.Index{Name: string(in.String())}
		for range min(in.Array(), record.ColumnsMax+1) {
			x.Columns = append(x.Columns, string(in.String()))
		}
		if in.End(more) != nil {
			break
		}
		t.Indexes = append(t.Indexes, x)
	}
	err := in.End(more)
	if err == nil {
		err = in.Done()
	}
	if err != nil {
		return nil, fmt.Errorf("the columns of the table %q: %w", name, err)
	}
	if err := t.Check(); err != nil {
		return nil, err
	}
	return t, nil
}

func decodeColumns(in *pack.Cursor) (columns []record.Column) {
	for range min(in.Array(), record.ColumnsMax+1) {
		more := in.Fields(2)
		name, kind := string(in.String()), in.Uint()
		if in.End(more) != nil {
			return columns
		}
		columns = append(columns, record.Column{Name: name, Type: record.Type(min(kind, 255))})
	}
	return columns
}
