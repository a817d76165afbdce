package pack_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid/pack"
)

// encoded makes a stream of values.
func encoded(t interface{ Fatal(...any) }, values ...[]byte) []byte {
	var out bytes.Buffer
	e := pack.NewEncoder(&out)
	for _, v := range values {
		e.End(append(e.Begin(), v...))
	}
	if err := e.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// chunk makes one chunk.
func chunk(b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// value makes a value of n bytes, 5 of which are its head.
func value(n int) []byte {
	head := binary.BigEndian.AppendUint32([]byte{0xc6}, uint32(n-5))
	return append(head, bytes.Repeat([]byte{byte(n)}, n-5)...)
}

// TestStream: whatever values are encoded come back in order, and then the end. A
// chunk is ended by the value with which it and its head have the good size.
func TestStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.OneOf(rapid.IntRange(5, 100), rapid.IntRange(5, 3*pack.ChunkBytesGood))
		var values [][]byte
		var want, open []byte
		for _, n := range rapid.SliceOfN(size, 0, 30).Draw(t, "sizes") {
			values = append(values, value(n))
			if open = append(open, value(n)...); len(open)+4 >= pack.ChunkBytesGood {
				want, open = append(want, chunk(open)...), nil
			}
		}
		if len(open) > 0 {
			want = append(want, chunk(open)...)
		}
		stream := encoded(t, values...)
		if !bytes.Equal(stream, want) {
			t.Fatalf("a stream of %d bytes, want %d, or other ones", len(stream), len(want))
		}
		d := pack.NewDecoder(bytes.NewReader(stream))
		for i, v := range values {
			if got := d.Next().Bytes(); !bytes.Equal(got, v[5:]) {
				t.Fatalf("value %d of %d bytes came back with %d, %v", i, len(v), len(got), d.Next().Err())
			}
		}
		if err := d.Done(); err != nil {
			t.Fatalf("at the end: %v", err)
		}
		if d.Next().Skip(); !errors.Is(d.Next().Err(), io.ErrUnexpectedEOF) {
			t.Fatalf("behind the end: %v", d.Next().Err())
		}
	})
}

// TestValueBytesMax: the longest value is taken however full the chunk is, and a
// longer one never.
func TestValueBytesMax(t *testing.T) {
	for _, before := range []int{0, 5, pack.ChunkBytesGood - 5, pack.ChunkBytesGood} {
		var out bytes.Buffer
		e := pack.NewEncoder(&out)
		e.End(append(e.Begin(), make([]byte, before)...))
		e.End(append(e.Begin(), value(pack.ValueBytesMax)...))
		if err := e.Err(); err != nil {
			t.Errorf("the longest value behind %d bytes: %v", before, err)
		}
		d := pack.NewDecoder(bytes.NewReader(out.Bytes()))
		for range before {
			d.Next().Skip()
		}
		if got := d.Next().Bytes(); len(got) != pack.ValueBytesMax-5 || d.Done() != nil {
			t.Errorf("the longest value came back with %d bytes, %v", len(got), d.Done())
		}
		size := out.Len()
		e.End(append(e.Begin(), value(9)...))
		e.End(append(e.Begin(), value(pack.ValueBytesMax+1)...))
		e.End(append(e.Begin(), value(pack.ChunkBytesGood)...))
		if err := e.Flush(); err == nil || out.Len() != size {
			t.Errorf("a value above the limit left %d bytes, %v", out.Len()-size, err)
		}
	}
}

// TestStreamCutShort: a stream that lost its end never looks complete.
func TestStreamCutShort(t *testing.T) {
	values := [][]byte{value(pack.ChunkBytesGood), value(9), value(pack.ChunkBytesGood), value(9)}
	stream := encoded(t, values...)
	for n := range len(stream) {
		if n%1000 > 20 {
			continue
		}
		d := pack.NewDecoder(bytes.NewReader(stream[:n]))
		for range values {
			d.Next().Skip()
		}
		if err := d.Next().Err(); !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(d.Done(), err) {
			t.Errorf("cut to %d bytes: %v, %v at its end, want io.ErrUnexpectedEOF", n, err, d.Done())
		}
	}
}

func TestDecoderRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		stream []byte // behind one value
		want   string
	}{
		"an empty chunk":       {chunk(nil), "a chunk of 0 bytes"},
		"a chunk that is long": {[]byte{0x00, 0x10, 0x00, 0x01}, "it has 1 to 1048576"},
		"half a head":          {[]byte{0, 0}, "unexpected EOF"},
		"half a chunk":         {chunk(value(9))[:9], "unexpected EOF"},
	} {
		stream := append(chunk(value(9)), c.stream...)
		d := pack.NewDecoder(bytes.NewReader(stream))
		d.Next().Skip()
		if err := d.Done(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s at the end: %v, want %q", name, err, c.want)
		}
		d = pack.NewDecoder(bytes.NewReader(stream))
		d.Next().Skip()
		d.Next().Skip()
		if err := d.Next().Err(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for _, stream := range [][]byte{chunk(append(value(9), 0xc0)), append(chunk(value(9)), chunk(value(9))...)} {
		d := pack.NewDecoder(bytes.NewReader(stream))
		if d.Next().Skip(); d.Done() == nil {
			t.Errorf("% x ends with the first value", stream)
		}
	}
}

// brokenWriter is a disk that is full after some writes.
type brokenWriter struct{ left int }

func (w *brokenWriter) Write(b []byte) (int, error) {
	if w.left--; w.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(b), nil
}

func TestEncoderKeepsItsError(t *testing.T) {
	for left := range 3 {
		w := &brokenWriter{left}
		e := pack.NewEncoder(w)
		for range 5 {
			e.End(append(e.Begin(), value(pack.ChunkBytesGood)...))
		}
		if err := e.Flush(); !errors.Is(err, io.ErrShortWrite) || e.Err() != err {
			t.Errorf("after %d writes: %v, then %v", left, err, e.Err())
		}
		if w.left != -1 {
			t.Errorf("%d writes behind the one that failed", -1-w.left)
		}
	}
	e := pack.NewEncoder(&brokenWriter{})
	if err := e.Flush(); err != nil {
		t.Errorf("nothing was written, and failed: %v", err)
	}
}
