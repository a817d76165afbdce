package record

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/invariant"
)

// Type is the type of a column. The numbers are stored.
type Type uint8

// The types of columns.
const (
	TypeBytes  Type = 1 // bytes, in the order of their values
	TypeString Type = 2 // UTF-8 without NUL, in the order of its bytes
	TypeUint   Type = 3 // 0 to UintMax
	TypeInt    Type = 4 // 64 bits with sign
	TypeUUID   Type = 5 // 16 bytes
)

var typeNames = [...]string{"nothing", "bytes", "text", "a uint", "an int", "a UUID"}

func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return fmt.Sprintf("type %d", uint8(t))
}

// Value is the value of one column. The zero Value has no type and fits none.
type Value struct {
	typ  Type
	num  uint64
	data []byte
}

// Bytes returns a value that is a view of b.
func Bytes(b []byte) Value { return Value{typ: TypeBytes, data: b} }

// String returns a value of text.
func String(s string) Value { return Value{typ: TypeString, data: []byte(s)} }

// Uint returns a value of a number without sign.
func Uint(n uint64) Value { return Value{typ: TypeUint, num: n} }

// Int returns a value of a number with sign.
func Int(n int64) Value { return Value{typ: TypeInt, num: uint64(n)} }

// UUID returns a value of an id.
func UUID(id grid.ID) Value { return Value{typ: TypeUUID, data: id[:]} }

// Type returns the value's type.
func (v Value) Type() Type { return v.typ }

// Bytes returns a view of the value of a bytes column.
func (v Value) Bytes() []byte { return v.as(TypeBytes).data }

// Text returns the value of a text column.
func (v Value) Text() string { return string(v.as(TypeString).data) }

// Uint returns the value of a uint column.
func (v Value) Uint() uint64 { return v.as(TypeUint).num }

// Int returns the value of an int column.
func (v Value) Int() int64 { return int64(v.as(TypeInt).num) }

// UUID returns the value of a UUID column.
func (v Value) UUID() (id grid.ID) {
	copy(id[:], v.as(TypeUUID).data)
	return id
}

// as returns the value, or none if it is of another type: a mistake of who asks.
func (v Value) as(t Type) Value {
	invariant.Check(v.typ == t, "a value of %v is read as %v", v.typ, t)
	if v.typ != t {
		return Value{}
	}
	return v
}

// Compare orders values of one type, as columns are ordered; values of different
// types by the numbers of these.
func (v Value) Compare(w Value) int {
	switch {
	case v.typ != w.typ:
		return cmp.Compare(v.typ, w.typ)
	case v.typ == TypeInt:
		return cmp.Compare(int64(v.num), int64(w.num))
	case v.typ == TypeUint:
		return cmp.Compare(v.num, w.num)
	}
	return bytes.Compare(v.data, w.data)
}

// clone returns a value that shares no memory.
func (v Value) clone() Value {
	v.data = bytes.Clone(v.data)
	return v
}

// String returns the value for people, as in messages.
func (v Value) String() string {
	switch v.typ {
	case TypeUint:
		return strconv.FormatUint(v.num, 10)
	case TypeInt:
		return strconv.FormatInt(int64(v.num), 10)
	case TypeString:
		return strconv.Quote(string(v.data))
	case TypeUUID:
		return v.UUID().String()
	}
	return fmt.Sprintf("%x", v.data)
}
