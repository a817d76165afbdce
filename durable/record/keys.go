package record

import (
	"encoding/binary"

	"github.com/thronggrid/throng/grid/record"
)

// Keys in Pebble: see doc.go. Big-endian, so that they lie in order.
const (
	catalogPrefix = 'C'
	rowPrefix     = 'R'
	numberPrefix  = 'T'
	indexPrefix   = 'X'
)

const (
	rowHeadBytes   = 1 + 4     // prefix, table
	indexHeadBytes = 1 + 4 + 1 // prefix, table, index
)

// shape is a table as it is stored.
type shape struct {
	*record.Table
	id      uint32
	columns [][]record.Column // of each index, without the key's
}

func newShape(t *record.Table, id uint32) *shape {
	s := &shape{Table: t, id: id}
	for i := range t.Indexes {
		all := t.Position(i)
		s.columns = append(s.columns, all[:len(all)-len(t.Key)])
	}
	return s
}

// appendHead appends what all keys of rows, or of entries of an index, begin
// with.
func (s *shape) appendHead(b []byte, index int) []byte {
	if index == record.ByKey {
		return binary.BigEndian.AppendUint32(append(b, rowPrefix), s.id)
	}
	b = binary.BigEndian.AppendUint32(append(b, indexPrefix), s.id)
	return append(b, byte(index))
}

func (s *shape) appendRowKey(b []byte, key []record.Value) []byte {
	return record.AppendTuple(s.appendHead(b, record.ByKey), key...)
}

// appendIndexKey appends the key of a row's entry in an index.
func (s *shape) appendIndexKey(b []byte, index int, r *record.Row) []byte {
	return s.AppendPosition(s.appendHead(b, index), index, r)
}

// bounds returns the keys of a range: from low, and below high.
func (s *shape) bounds(b record.Bounds) (low, high []byte) {
	low = append(s.appendHead(nil, b.Index), b.Low...)
	high = s.appendHead(nil, b.Index)
	if b.High == nil {
		return low, record.Successor(high)
	}
	return low, append(high, b.High...)
}
