package record

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/thronggrid/throng/grid"
)

// A tuple is a list of values, encoded so that the bytes of two tuples of the
// same columns compare as the tuples do, and so that the encoding of the first
// columns is a prefix of the whole:
//
//	bytes, text  each zero byte as 00 ff, and 00 00 behind the last byte
//	uint         8 bytes, big-endian
//	int          8 bytes, big-endian, with the sign bit turned over
//	UUID         its 16 bytes
const (
	escape  = 0x00
	ended   = 0x00 // behind escape: the end of the value
	escaped = 0xff // behind escape: a zero byte
	sign    = 1 << 63
)

// AppendTuple appends the encoding of values.
func AppendTuple(b []byte, values ...Value) []byte {
	for _, v := range values {
		b = appendValue(b, v)
	}
	return b
}

func appendValue(b []byte, v Value) []byte {
	switch v.typ {
	case TypeUint:
		return binary.BigEndian.AppendUint64(b, v.num)
	case TypeInt:
		return binary.BigEndian.AppendUint64(b, v.num^sign)
	case TypeUUID:
		return append(b, v.data...)
	}
	for rest := v.data; ; {
		i := bytes.IndexByte(rest, escape)
		if i < 0 {
			b = append(b, rest...)
			return append(b, escape, ended)
		}
		b = append(b, rest[:i]...)
		b = append(b, escape, escaped)
		rest = rest[i+1:]
	}
}

// TupleBytes returns how many bytes AppendTuple appends.
func TupleBytes(values []Value) int {
	size := 0
	for _, v := range values {
		size += tupleBytes(v)
	}
	return size
}

func tupleBytes(v Value) int {
	switch v.typ {
	case TypeUint, TypeInt:
		return 8
	case TypeUUID:
		return len(v.data)
	}
	return len(v.data) + bytes.Count(v.data, []byte{escape}) + 2
}

// DecodeTuple reads values of the columns from the front of b, appends them to
// out, and returns the bytes behind them. Values are views of b where that is
// possible. Nothing but what AppendTuple appends for valid values is read.
func DecodeTuple(b []byte, columns []Column, out []Value) ([]Value, []byte, error) {
	for _, c := range columns {
		v, rest, err := decodeValue(b, c.Type)
		if err == nil {
			err = checkValue(c, v)
		}
		if err != nil {
			return out, b, fmt.Errorf("the column %s: %w", c.Name, err)
		}
		out, b = append(out, v), rest
	}
	return out, b, nil
}

func decodeValue(b []byte, t Type) (v Value, rest []byte, err error) {
	v.typ = t
	size := 8
	switch t {
	case TypeBytes, TypeString:
		v.data, rest, err = decodeEscaped(b)
		return v, rest, err
	case TypeUUID:
		size = len(grid.ID{})
	}
	if len(b) < size {
		return v, b, fmt.Errorf("%d bytes left for %v", len(b), t)
	}
	switch t {
	case TypeUint:
		v.num = binary.BigEndian.Uint64(b)
	case TypeInt:
		v.num = binary.BigEndian.Uint64(b) ^ sign
	default:
		v.data = b[:size:size]
	}
	return v, b[size:], nil
}

// decodeEscaped reads bytes up to their end mark: a view, unless a zero byte is
// among them.
func decodeEscaped(b []byte) (data, rest []byte, err error) {
	copied := false
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], escape)
		if i < 0 || from+i+1 == len(b) {
			return nil, b, fmt.Errorf("%d bytes without an end mark", len(b))
		}
		part, mark := b[from:from+i:from+i], b[from+i+1]
		from += i + 2
		switch {
		case mark != ended && mark != escaped:
			return nil, b, fmt.Errorf("the mark %#x behind a zero byte", mark)
		case mark == ended && !copied:
			return part, b[from:], nil
		case mark == ended:
			return append(data, part...), b[from:], nil
		}
		data, copied = append(append(data, part...), 0), true
	}
}
