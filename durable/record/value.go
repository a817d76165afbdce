package record

import (
	"fmt"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/grid/record"
)

// rowVersion is the format of a stored row; it is its first byte.
const rowVersion = 1

// valueHeadBytes is the fixed part of a row: its seal, and how many columns
// follow.
const valueHeadBytes = disk.SealBytes + 1

// appendValue appends the stored form of a row for the key it is stored under.
func appendValue(b, key []byte, r *record.Row) []byte {
	start := len(b)
	b = append(b, rowVersion, 0, 0, 0, 0, byte(len(r.Columns)))
	b = record.AppendTuple(b, r.Columns...)
	b = append(b, r.Doc...)
	disk.Seal(key, b[start:])
	return b
}

// decodeRow makes a row of what is stored, in memory of its own. A reason other
// than "" says why it cannot be trusted.
func (s *shape) decodeRow(key, value []byte) (r *record.Row, reason string) {
	switch {
	case len(value) < valueHeadBytes || len(key) < rowHeadBytes:
		return nil, "it is too short"
	case value[0] > rowVersion:
		return nil, fmt.Sprintf("it has format %d, this version reads %d", value[0], rowVersion)
	case !disk.Sealed(key, value):
		return nil, "its checksum does not match"
	case value[0] != rowVersion || int(value[valueHeadBytes-1]) != len(s.Columns):
		return nil, fmt.Sprintf("it has format %d and %d columns",
			value[0], value[valueHeadBytes-1])
	}
	n := len(key) - rowHeadBytes
	own := append(append(make([]byte, 0, n+len(value)), key[rowHeadBytes:]...), value...)
	values := make([]record.Value, 0, len(s.Key)+len(s.Columns))
	values, rest, err := record.DecodeTuple(own[:n:n], s.Key, values)
	if err == nil && len(rest) != 0 {
		err = fmt.Errorf("%d bytes behind the key", len(rest))
	}
	if err != nil {
		return nil, err.Error()
	}
	values, rest, err = record.DecodeTuple(own[n+valueHeadBytes:], s.Columns, values)
	if err != nil {
		return nil, err.Error()
	}
	k := len(s.Key)
	return &record.Row{Key: values[:k:k], Columns: values[k:], Doc: rest}, ""
}
