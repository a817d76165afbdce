package pack_test

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid/pack"
)

// A document is what both codecs can say: nil, bool, int64, uint64 beyond
// int64, string, []byte, []any and a map as []pair in the order of encoding.
type pair struct{ key, value any }

// document draws a document of at most depth levels.
func document(t *rapid.T, depth int) any {
	kinds := 6
	if depth > 0 {
		kinds = 8
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2:
		return rapid.Int64().Draw(t, "int")
	case 3:
		return rapid.Uint64Min(1<<63).Draw(t, "uint")
	case 4:
		return rapid.StringN(-1, -1, 300).Draw(t, "string")
	case 5:
		return rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "bytes")
	case 6:
		list := make([]any, rapid.IntRange(0, 20).Draw(t, "elements"))
		for i := range list {
			list[i] = document(t, depth-1)
		}
		return list
	}
	pairs := make([]pair, rapid.IntRange(0, 20).Draw(t, "pairs"))
	for i := range pairs {
		pairs[i] = pair{document(t, 0), document(t, depth-1)}
	}
	return pairs
}

// packed encodes a document with the package under test.
func packed(b []byte, doc any) []byte {
	switch v := doc.(type) {
	case nil:
		return pack.AppendNil(b)
	case bool:
		return pack.AppendBool(b, v)
	case int64:
		return pack.AppendInt(b, v)
	case uint64:
		return pack.AppendUint(b, v)
	case string:
		return pack.AppendString(b, v)
	case []byte:
		return pack.AppendBytes(b, v)
	case []any:
		b = pack.AppendArray(b, len(v))
		for _, e := range v {
			b = packed(b, e)
		}
		return b
	case []pair:
		b = pack.AppendMap(b, len(v))
		for _, p := range v {
			b = packed(packed(b, p.key), p.value)
		}
		return b
	}
	panic(fmt.Sprintf("no document: %T", doc))
}

// oracled encodes a document with the reference library.
func oracled(e *msgpack.Encoder, doc any) error {
	switch v := doc.(type) {
	case int64:
		return e.EncodeInt(v)
	case uint64:
		return e.EncodeUint(v)
	case []any:
		err := e.EncodeArrayLen(len(v))
		for _, elem := range v {
			if err == nil {
				err = oracled(e, elem)
			}
		}
		return err
	case []pair:
		err := e.EncodeMapLen(len(v))
		for _, p := range v {
			if err == nil {
				err = oracled(e, p.key)
			}
			if err == nil {
				err = oracled(e, p.value)
			}
		}
		return err
	}
	return e.Encode(doc)
}

// unpacked decodes a document with the cursor, guided by the format bytes.
func unpacked(c *pack.Cursor) any {
	if c.Nil() || len(c.Rest()) == 0 {
		return nil
	}
	switch f := c.Rest()[0]; {
	case f == 0xc2 || f == 0xc3:
		return c.Bool()
	case f == 0xcf:
		return c.Uint()
	case f>>5 == 0b101 || f >= 0xd9 && f <= 0xdb:
		return string(c.String())
	case f >= 0xc4 && f <= 0xc6:
		return append([]byte{}, c.Bytes()...)
	case f>>4 == 0b1001 || f == 0xdc || f == 0xdd:
		list := make([]any, c.Array())
		for i := range list {
			list[i] = unpacked(c)
		}
		return list
	case f>>4 == 0b1000 || f == 0xde || f == 0xdf:
		pairs := make([]pair, c.Map())
		for i := range pairs {
			pairs[i].key, pairs[i].value = unpacked(c), unpacked(c)
		}
		return pairs
	}
	return c.Int()
}

// normal turns a uint64 that fits into the int64 that document draws: the format
// byte 0xcf alone does not tell them apart.
func normal(doc any) any {
	switch v := doc.(type) {
	case uint64:
		if v < 1<<63 {
			return int64(v)
		}
	case []any:
		for i := range v {
			v[i] = normal(v[i])
		}
	case []pair:
		for i := range v {
			v[i] = pair{normal(v[i].key), normal(v[i].value)}
		}
	}
	return doc
}

// TestOracle: every document gives the same bytes in both codecs, so what one
// encodes the other reads, and the cursor reads it back as it was.
func TestOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := document(t, 4)
		ours := packed(nil, doc)

		var theirs bytes.Buffer
		e := msgpack.NewEncoder(&theirs)
		e.UseCompactInts(true)
		if err := oracled(e, doc); err != nil {
			t.Fatalf("the oracle cannot encode %v: %v", doc, err)
		}
		if !bytes.Equal(ours, theirs.Bytes()) {
			t.Fatalf("%v is\n%x here and\n%x at the oracle", doc, ours, theirs.Bytes())
		}
		c := pack.NewCursor(theirs.Bytes())
		if back := normal(unpacked(&c)); !reflect.DeepEqual(back, doc) || c.Done() != nil {
			t.Fatalf("%v came back as %v, %v", doc, back, c.Err())
		}
		c = pack.NewCursor(ours)
		if c.Skip(); c.Done() != nil {
			t.Fatalf("Skip ended at %d of %d: %v", c.Offset(), len(ours), c.Err())
		}
	})
}

// oracleEnd returns where the oracle says that the first value of b ends. Only
// for input whose lengths the cursor has checked: the oracle believes them.
func oracleEnd(b []byte) (int, error) {
	r := bytes.NewReader(b)
	if err := msgpack.NewDecoder(r).Skip(); err != nil {
		return 0, err
	}
	return len(b) - r.Len(), nil
}
