package main

import (
	"encoding/hex"
	"errors"
	"fmt"

	records "github.com/thronggrid/throng/durable/record"
	"github.com/thronggrid/throng/grid/record"
)

// records looks into the record tables of a data directory.
func (d *dumper) records(dataDir string) error {
	if err := d.stopped(dataDir, "its record tables"); err != nil {
		return err
	}
	x, err := records.Inspect(d.fs, dataDir)
	if err != nil {
		return d.bad(err)
	}
	d.about("records", []field{{"directory", dataDir}, {"tables", len(x.Tables)},
		{"last_transaction", x.Last}, {"acknowledged", orNone(x.Known)}})
	d.allDamaged(&x.Damage)
	for i := range x.Tables {
		t := &x.Tables[i]
		d.row("table", []field{{"table", t.Table.Name}, {"rows", t.Rows}, {"damaged", t.Damaged},
			{"bytes", t.Bytes}, {"key", columnsOf(t.Table.Key)},
			{"columns", columnsOf(t.Table.Columns)}, {"indexes", len(t.Table.Indexes)}})
	}
	if d.tableName != "" {
		err = d.rowsOf(x)
	}
	return errors.Join(err, x.Close(), d.stayedStopped(dataDir))
}

// recordFacts looks into the facts file of the record tables.
func (d *dumper) recordFacts(dataDir string) error {
	last, err := records.InspectFacts(d.fs, dataDir)
	if err == nil {
		d.about("facts", []field{{"directory", dataDir}, {"acknowledged", orNone(last)}})
	}
	return err
}

// orNone returns a number, nil for 0.
func orNone(n uint64) any {
	if n == 0 {
		return nil
	}
	return n
}

// rowsOf prints the rows of the table that is asked for, of their documents only the size.
func (d *dumper) rowsOf(x *records.Inspection) error {
	for i := range x.Tables {
		t := &x.Tables[i]
		if t.Table.Name != d.tableName {
			continue
		}
		rows := d.list("row")
		x.Rows(t, func(f records.Found) bool {
			if rows.next() {
				d.row("row", rowLine(t.Table, &f))
			}
			return true
		})
		rows.end()
		return nil
	}
	return usagef("--table %q: there is no such table", d.tableName)
}

func rowLine(t *record.Table, f *records.Found) (line []field) {
	for i, c := range t.Key {
		line = append(line, field{c.Name, nil})
		if f.Row != nil {
			line[i].value = valueOf(f.Row.Key[i])
		}
	}
	for i, c := range t.Columns {
		line = append(line, field{c.Name, nil})
		if f.Row != nil {
			line[len(t.Key)+i].value = valueOf(f.Row.Columns[i])
		}
	}
	var document, wrong any
	if f.Row != nil {
		document = len(f.Row.Doc)
	} else {
		wrong = fmt.Sprintf("%s: key %x", f.Wrong, f.Key)
	}
	return append(line, field{"document_bytes", document}, field{"wrong", wrong})
}

// valueOf returns the value of a column to be printed: bytes as text where they are, behind
// the kind of a stream, and else in hexadecimal.
func valueOf(v record.Value) any {
	switch v.Type() {
	case record.TypeString:
		return v.Text()
	case record.TypeUint:
		return v.Uint()
	case record.TypeInt:
		return v.Int()
	case record.TypeUUID:
		return v.UUID().String()
	}
	if text := string(v.Bytes()); len(text) > 1 && plain(text[1:]) == text[1:] {
		return fmt.Sprintf("%d:%s", text[0], text[1:])
	}
	return hex.EncodeToString(v.Bytes())
}
