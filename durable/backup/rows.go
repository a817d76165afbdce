package backup

import (
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/zstd"

	records "github.com/thronggrid/throng/durable/record"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/record"
)

// What the values of the records part begin with.
const (
	valueTable    = 0
	valueRow      = 1
	valueDocument = 2
	valueEnd      = 3
)

const (
	// documentPiece is how much of a document is in one value.
	documentPiece = pack.ValueBytesMax / 2
	// zstdWindowBytes bounds what a compressed stream can make its reader hold.
	zstdWindowBytes = 1 << 20
	// tablesMax bounds the tables of a backup.
	tablesMax = 1024
)

// rowsDigest hashes tables and rows as they come.
type rowsDigest struct {
	hash.Hash64
	b []byte
}

func newRowsDigest() *rowsDigest { return &rowsDigest{Hash64: xxhash.New()} }

func (d *rowsDigest) table(name string, schema []byte) {
	d.b = appendTable(d.b[:0], name, schema)
	_, _ = d.Write(d.b) // never fails
}

func (d *rowsDigest) row(key, columns, doc []byte) {
	d.b = append(appendRow(d.b[:0], key, columns, len(doc)), doc...)
	_, _ = d.Write(d.b)
}

func appendTable(b []byte, name string, schema []byte) []byte {
	b = pack.AppendUint(pack.AppendArray(b, 3), valueTable)
	return pack.AppendBytes(pack.AppendString(b, name), schema)
}

// appendRow appends a row up to its document.
func appendRow(b, key, columns []byte, document int) []byte {
	b = pack.AppendUint(pack.AppendArray(b, 5), valueRow)
	b = pack.AppendBytes(pack.AppendBytes(b, key), columns)
	return pack.AppendUint(b, uint64(document))
}

// DigestRows returns the digest that a backup has for tables in this order, and how many
// rows they have. A pause that is not nil is called after each page, and ends it with its
// error.
func DigestRows(
	from record.Reader, tables []*record.Table, pause func() error,
) (rows, digest uint64, err error) {
	d := newRowsDigest()
	var key, columns []byte
	err = scan(from, tables, func(t *record.Table) error {
		d.table(t.Name, records.EncodeSchema(t))
		return nil
	}, func(r *record.Row) error {
		key = record.AppendTuple(key[:0], r.Key...)
		columns = record.AppendTuple(columns[:0], r.Columns...)
		d.row(key, columns, r.Doc)
		rows++
		return nil
	}, pause)
	return rows, d.Sum64(), err
}

// scan goes through all rows of tables.
func scan(
	from record.Reader, tables []*record.Table,
	table func(*record.Table) error, row func(*record.Row) error, pause func() error,
) error {
	for _, t := range tables {
		if err := table(t); err != nil {
			return err
		}
		for at := (record.Range{Limit: record.RowsMax}); ; {
			page, err := from.Scan(t, at)
			if err != nil {
				return fmt.Errorf("read the table %s: %w", t.Name, err)
			}
			for _, r := range page.Rows {
				if err := row(r); err != nil {
					return err
				}
			}
			if pause != nil {
				if err := pause(); err != nil {
					return err
				}
			}
			if at.After = page.Next; at.After == nil {
				break
			}
		}
	}
	return nil
}

// writeRows writes the part of the records.
func (w *Writer) writeRows(s *Source) error {
	if err := w.Begin(Part{Kind: KindRecords}); err != nil {
		return err
	}
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(zstdWindowBytes))
	if err != nil {
		return fmt.Errorf("begin to compress the records: %w", err)
	}
	to := rowsEncoder{e: pack.NewEncoder(z), digest: newRowsDigest()}
	err = scan(s.Records, s.Tables, to.table, to.row, s.Pause)
	if err == nil {
		to.e.End(appendUints(to.e.Begin(), valueEnd, uint64(len(s.Tables)), to.rows))
		err = to.e.Flush()
	}
	if err = errors.Join(err, z.Close()); err != nil {
		return fmt.Errorf("back up the records: %w", err)
	}
	return w.End(to.rows, to.digest.Sum64())
}

// rowsEncoder encodes rows.
type rowsEncoder struct {
	e            *pack.Encoder
	digest       *rowsDigest
	rows         uint64
	key, columns []byte
}

func (e *rowsEncoder) table(t *record.Table) error {
	schema := records.EncodeSchema(t)
	e.digest.table(t.Name, schema)
	e.e.End(appendTable(e.e.Begin(), t.Name, schema))
	return e.e.Err()
}

func (e *rowsEncoder) row(r *record.Row) error {
	e.rows++
	e.key = record.AppendTuple(e.key[:0], r.Key...)
	e.columns = record.AppendTuple(e.columns[:0], r.Columns...)
	e.digest.row(e.key, e.columns, r.Doc)
	doc := r.Doc
	n := min(len(doc), documentPiece)
	b := appendRow(e.e.Begin(), e.key, e.columns, len(doc))
	e.e.End(pack.AppendBytes(b, doc[:n]))
	for doc = doc[n:]; len(doc) > 0; doc = doc[n:] {
		n = min(len(doc), documentPiece)
		b := pack.AppendUint(pack.AppendArray(e.e.Begin(), 2), valueDocument)
		e.e.End(pack.AppendBytes(b, doc[:n]))
	}
	return e.e.Err()
}

// rowsDecoder decodes what rowsEncoder wrote.
type rowsDecoder struct {
	d      *pack.Decoder
	digest *rowsDigest
	tables uint64
	rows   uint64
	at     *record.Table
}

// ReadRows reads the part of the records, which must be the one at hand: it calls table
// for each table and row for each of its rows, which are the callee's to keep. It returns
// how many rows there were and the digest of what was read. An error of either ends it.
func (r *Reader) ReadRows(
	table func(*record.Table) error, row func(*record.Table, *record.Row) error,
) (rows, digest uint64, err error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderMaxWindow(zstdWindowBytes))
	if err != nil {
		return 0, 0, fmt.Errorf("begin to read compressed records: %w", err)
	}
	defer z.Close()
	d := rowsDecoder{d: pack.NewDecoder(z), digest: newRowsDigest()}
	for more := true; more; {
		if more, err = d.value(table, row); err != nil {
			break
		}
	}
	if err == nil {
		err = d.d.Done()
	}
	if err == nil {
		_, err = io.Copy(io.Discard, r) // up to the part's own end
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read the records of the backup %s: %w", r.name, err)
	}
	return d.rows, d.digest.Sum64(), nil
}

// value reads one value; more is false behind the last.
func (d *rowsDecoder) value(
	table func(*record.Table) error, row func(*record.Table, *record.Row) error,
) (more bool, err error) {
	in := d.d.Next()
	n := in.Array()
	switch kind := in.Uint(); {
	case in.Err() != nil:
		return false, in.Err()
	case kind == valueTable && n == 3 && d.tables < tablesMax:
		if err := d.table(in); err != nil {
			return false, err
		}
		return true, table(d.at)
	case kind == valueRow && n == 5 && d.at != nil:
		r, err := d.row(in)
		if err != nil {
			return false, err
		}
		return true, row(d.at, r)
	case kind == valueEnd && n == 3:
		tables, rows := in.Uint(), in.Uint()
		if err := in.Err(); err != nil || tables != d.tables || rows != d.rows {
			return false, errors.Join(err, fmt.Errorf("%d tables and %d rows found, "+
				"their end says %d and %d", d.tables, d.rows, tables, rows))
		}
		return false, nil
	default:
		return false, fmt.Errorf("a value of kind %d with %d fields is none of records", kind, n)
	}
}

func (d *rowsDecoder) table(in *pack.Cursor) (err error) {
	name, schema := string(in.String()), in.Bytes()
	if err := in.Err(); err != nil {
		return err
	}
	d.tables++
	d.digest.table(name, schema)
	d.at, err = records.DecodeSchema(name, schema)
	return err
}

// row reads a row, in memory of its own.
func (d *rowsDecoder) row(in *pack.Cursor) (*record.Row, error) {
	key := append([]byte(nil), in.Bytes()...)
	columns := append([]byte(nil), in.Bytes()...)
	size := in.Uint()
	if size > record.DocumentBytesMax {
		return nil, fmt.Errorf("a document of %d bytes: at most %d", size, record.DocumentBytesMax)
	}
	doc := append([]byte(nil), in.Bytes()...)
	for in.Err() == nil && uint64(len(doc)) < size {
		in = d.d.Next()
		n, kind := in.Array(), in.Uint()
		piece := in.Bytes()
		if in.Err() == nil && (n != 2 || kind != valueDocument || len(piece) == 0) {
			return nil, errors.New("a document ends too early")
		}
		doc = append(doc, piece...)
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	if uint64(len(doc)) != size {
		return nil, fmt.Errorf("a document of %d bytes has %d", size, len(doc))
	}
	d.rows++
	d.digest.row(key, columns, doc)
	r := &record.Row{Doc: doc}
	var rest []byte
	var err error
	if r.Key, rest, err = record.DecodeTuple(key, d.at.Key, nil); err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes behind the key", len(rest))
	}
	if err != nil {
		return nil, err
	}
	if r.Columns, rest, err = record.DecodeTuple(columns, d.at.Columns, nil); err == nil &&
		len(rest) > 0 {
		err = fmt.Errorf("%d bytes behind the columns", len(rest))
	}
	return r, err
}
