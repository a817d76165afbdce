package pack

import (
	"encoding/binary"
	"fmt"
	"math"
)

// DepthMax is how deep arrays and maps may nest in what Skip passes over. An
// empty one holds nothing and is not counted.
const DepthMax = 32

// Error says what a cursor met that it could not decode, and where.
type Error struct {
	At   int    // offset in bytes of the value
	Want string // what the decoder asked for
	Got  string // what was there
}

func (e *Error) Error() string {
	return fmt.Sprintf("byte %d: want %s, got %s", e.At, e.Want, e.Got)
}

// Cursor reads msgpack values, one after the other, from a byte slice that it
// does not own. The zero Cursor is at the end of nothing.
type Cursor struct {
	buf []byte
	off int
	err error
}

// NewCursor returns a cursor at the start of b.
func NewCursor(b []byte) Cursor { return Cursor{buf: b} }

// Err returns the first error met, or nil. It is an *Error, or one of reading when the
// cursor is a Decoder's.
func (c *Cursor) Err() error { return c.err }

// Offset returns how many bytes were consumed: all of them after an error.
func (c *Cursor) Offset() int { return c.off }

// Rest returns a view of the bytes not yet consumed.
func (c *Cursor) Rest() []byte { return c.buf[c.off:] }

// Done returns nil when all bytes were consumed without an error.
func (c *Cursor) Done() error {
	if c.err == nil && c.off != len(c.buf) {
		c.fail(c.off, "the end", fmt.Sprintf("%d more bytes", len(c.buf)-c.off))
	}
	return c.err
}

func (c *Cursor) fail(at int, want, got string) {
	if c.err == nil {
		c.err = &Error{At: at, Want: want, Got: got}
		c.off = len(c.buf) // nothing more is read, so loops over Rest end
	}
}

// mismatch names the format byte at an offset in an error.
func (c *Cursor) mismatch(at int, want string) {
	if at >= len(c.buf) {
		c.fail(at, want, "the end")
		return
	}
	c.fail(at, want, formatName(c.buf[at]))
}

// head consumes a format byte; false at the end or after an error.
func (c *Cursor) head(want string) (byte, bool) {
	at := c.off
	if at >= len(c.buf) { // as it is after an error
		c.mismatch(at, want)
		return 0, false
	}
	c.off++
	return c.buf[at], true
}

// number consumes n (1, 2, 4 or 8) bytes of the value at an offset as a
// big-endian number.
func (c *Cursor) number(at, n int, want string) uint64 {
	b := c.buf[c.off:]
	if len(b) < n {
		c.fail(at, want, fmt.Sprintf("%d of %d bytes", len(b), n))
		return 0
	}
	c.off += n
	switch n {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	}
	return binary.BigEndian.Uint64(b)
}

// view consumes n bytes of the value at an offset and returns them, capped, so
// that an append by the caller cannot write into the input.
func (c *Cursor) view(at int, n uint64, want string) []byte {
	if c.err != nil {
		return nil
	}
	if left := uint64(len(c.buf) - c.off); n > left {
		c.fail(at, want, fmt.Sprintf("a length of %d with %d bytes left", n, left))
		return nil
	}
	from := c.off
	c.off += int(n)
	return c.buf[from:c.off:c.off]
}

// Int consumes a whole number that fits 64 signed bits, in any msgpack form.
func (c *Cursor) Int() int64 {
	const want = "a whole number"
	at := c.off
	f, ok := c.head(want)
	if !ok {
		return 0
	}
	switch {
	case f < fixMap:
		return int64(f)
	case f >= fixNegative:
		return int64(int8(f))
	}
	switch f {
	case codeUint8:
		return int64(c.number(at, 1, want))
	case codeUint16:
		return int64(c.number(at, 2, want))
	case codeUint32:
		return int64(c.number(at, 4, want))
	case codeUint64:
		v := c.number(at, 8, want)
		if v > math.MaxInt64 {
			c.fail(at, "a number of at most 63 bits", "a larger one")
			return 0
		}
		return int64(v)
	case codeInt8:
		return int64(int8(c.number(at, 1, want)))
	case codeInt16:
		return int64(int16(c.number(at, 2, want)))
	case codeInt32:
		return int64(int32(c.number(at, 4, want)))
	case codeInt64:
		return int64(c.number(at, 8, want))
	}
	c.mismatch(at, want)
	return 0
}

// Uint consumes a whole number that is not negative, in any msgpack form.
func (c *Cursor) Uint() uint64 {
	const want = "a number that is not negative"
	at := c.off
	if at < len(c.buf) {
		switch f := c.buf[at]; {
		case f < fixMap:
			c.off++
			return uint64(f)
		case f == codeUint64:
			c.off++
			return c.number(at, 8, want)
		}
	}
	v := c.Int()
	if v < 0 {
		c.fail(at, want, "a negative one")
		return 0
	}
	return uint64(v)
}

// Bool consumes a boolean.
func (c *Cursor) Bool() bool {
	const want = "true or false"
	at := c.off
	f, ok := c.head(want)
	if !ok {
		return false
	}
	if f != codeTrue && f != codeFalse {
		c.mismatch(at, want)
	}
	return f == codeTrue
}

// Nil consumes a nil if one is next, and says whether it was.
func (c *Cursor) Nil() bool {
	if c.err != nil || c.off >= len(c.buf) || c.buf[c.off] != codeNil {
		return false
	}
	c.off++
	return true
}

// String consumes a string and returns a view of it. It is not checked to be
// UTF-8: who needs text checks it.
func (c *Cursor) String() []byte {
	const want = "a string"
	at := c.off
	f, ok := c.head(want)
	if !ok {
		return nil
	}
	if f&0xe0 == fixStr {
		return c.view(at, uint64(f&0x1f), want)
	}
	switch f {
	case codeStr8:
		return c.view(at, c.number(at, 1, want), want)
	case codeStr16:
		return c.view(at, c.number(at, 2, want), want)
	case codeStr32:
		return c.view(at, c.number(at, 4, want), want)
	}
	c.mismatch(at, want)
	return nil
}

// Bytes consumes a byte field (bin) and returns a view of it.
func (c *Cursor) Bytes() []byte {
	const want = "bytes"
	at := c.off
	f, ok := c.head(want)
	if !ok {
		return nil
	}
	switch f {
	case codeBin8:
		return c.view(at, c.number(at, 1, want), want)
	case codeBin16:
		return c.view(at, c.number(at, 2, want), want)
	case codeBin32:
		return c.view(at, c.number(at, 4, want), want)
	}
	c.mismatch(at, want)
	return nil
}

// Array consumes the head of an array and returns its number of elements,
// which is at most the number of bytes that remain.
func (c *Cursor) Array() int { return c.nested(fixArray, codeArray16, 1, "an array") }

// Fields consumes the head of an array of at least want elements, and returns how
// many more it has: elements that a later version has appended, for End.
func (c *Cursor) Fields(want int) (more int) {
	at := c.off
	n := c.Array()
	if c.err == nil && n < want {
		c.fail(at, fmt.Sprintf("an array of at least %d elements", want),
			fmt.Sprintf("one of %d", n))
	}
	if c.err != nil {
		return 0
	}
	return n - want
}

// End consumes the elements of an array that nobody asks for, and returns Err.
func (c *Cursor) End(more int) error {
	for range more {
		c.Skip()
	}
	return c.err
}

// Map consumes the head of a map and returns its number of pairs, which is at
// most half the number of bytes that remain.
func (c *Cursor) Map() int { return c.nested(fixMap, codeMap16, 2, "a map") }

// nested consumes the head of an array or map, whose 32-bit form follows its
// 16-bit form, and whose elements take at least size bytes each.
func (c *Cursor) nested(fix, code16 byte, size uint64, want string) int {
	at := c.off
	f, ok := c.head(want)
	if !ok {
		return 0
	}
	var n uint64
	switch {
	case f&0xf0 == fix:
		n = uint64(f & 0x0f)
	case f == code16:
		n = c.number(at, 2, want)
	case f == code16+1:
		n = c.number(at, 4, want)
	default:
		c.mismatch(at, want)
	}
	return c.count(at, n, size, want)
}

// count checks that n elements of at least size bytes can still follow.
func (c *Cursor) count(at int, n, size uint64, want string) int {
	if c.err != nil {
		return 0
	}
	if left := uint64(len(c.buf) - c.off); n*size > left {
		c.fail(at, want, fmt.Sprintf("one of %d elements with %d bytes left", n, left))
		return 0
	}
	return int(n)
}

// Raw consumes one value of any kind and returns a view of its bytes.
func (c *Cursor) Raw() []byte {
	from := c.off
	c.Skip()
	if c.err != nil {
		return nil
	}
	return c.buf[from:c.off:c.off]
}

// Skip consumes one value of any kind, and all that is nested in it.
func (c *Cursor) Skip() {
	const want = "a value"
	for n := c.scalar(want); n > 0 && c.err == nil; n-- {
		if inner := c.scalar(want); inner > 0 {
			c.skipNested(n-1, inner)
			return
		}
	}
}

// skipNested consumes the elements of an array that is nested in another, inner, and
// then those that are left of that one, outer.
func (c *Cursor) skipNested(outer, inner int) {
	const want = "a value"
	var left [DepthMax + 1]int // elements still to pass over, per depth
	depth := 2
	left[1], left[2] = outer, inner
	for {
		for left[depth] == 0 {
			if depth == 0 {
				return
			}
			depth--
		}
		left[depth]--
		at := c.off
		n := c.scalar(want)
		if c.err != nil {
			return
		}
		if n == 0 {
			continue
		}
		if depth == DepthMax {
			c.fail(at, fmt.Sprintf("at most %d levels of nesting", DepthMax), "more")
			return
		}
		depth++
		left[depth] = n
	}
}

// scalar consumes one value without what is nested in it, and returns how many
// nested values follow.
func (c *Cursor) scalar(want string) int {
	if c.err != nil || c.off >= len(c.buf) {
		c.mismatch(c.off, want)
		return 0
	}
	at, f := c.off, c.buf[c.off]
	switch {
	case f < fixMap || f >= fixNegative:
		c.off++
		return 0
	case f&0xf0 == fixMap || f == codeMap16 || f == codeMap32:
		return 2 * c.Map()
	case f&0xf0 == fixArray || f == codeArray16 || f == codeArray32:
		return c.Array()
	case f&0xe0 == fixStr || f == codeStr8 || f == codeStr16 || f == codeStr32:
		c.String()
		return 0
	}
	c.off++
	switch f {
	case codeNil, codeFalse, codeTrue:
	case codeUint8, codeInt8:
		c.view(at, 1, want)
	case codeUint16, codeInt16:
		c.view(at, 2, want)
	case codeUint32, codeInt32, codeFloat32:
		c.view(at, 4, want)
	case codeUint64, codeInt64, codeFloat64:
		c.view(at, 8, want)
	case codeBin8:
		c.view(at, c.number(at, 1, want), want)
	case codeBin16:
		c.view(at, c.number(at, 2, want), want)
	case codeBin32:
		c.view(at, c.number(at, 4, want), want)
	case codeFixExt1, codeFixExt2, codeFixExt4, codeFixExt8, codeFixExtF:
		c.view(at, 1+1<<(f-codeFixExt1), want) // a type byte, then 1, 2, 4, 8 or 16
	case codeExt8:
		c.view(at, 1+c.number(at, 1, want), want)
	case codeExt16:
		c.view(at, 1+c.number(at, 2, want), want)
	case codeExt32:
		c.view(at, 1+c.number(at, 4, want), want)
	default:
		c.mismatch(at, want)
	}
	return 0
}

// formatName says what kind of value a format byte begins.
func formatName(f byte) string {
	switch {
	case f < fixMap || f >= fixNegative || f >= codeUint8 && f <= codeInt64:
		return "a number"
	case f&0xf0 == fixMap || f == codeMap16 || f == codeMap32:
		return "a map"
	case f&0xf0 == fixArray || f == codeArray16 || f == codeArray32:
		return "an array"
	case f&0xe0 == fixStr || f == codeStr8 || f == codeStr16 || f == codeStr32:
		return "a string"
	}
	switch f {
	case codeNil:
		return "nil"
	case codeFalse, codeTrue:
		return "a boolean"
	case codeBin8, codeBin16, codeBin32:
		return "bytes"
	case codeFloat32, codeFloat64:
		return "a fraction"
	case codeNever:
		return "the byte 0xc1, which msgpack never uses"
	}
	return "an extension"
}
