package pack_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid/pack"
)

// TestChunks: whatever sizes are written come back in order, and then io.EOF.
func TestChunks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(0, 3*pack.ChunkBytesGood), 0, 8).Draw(t, "sizes")
		var stream bytes.Buffer
		w := pack.NewChunkWriter(&stream)
		for i, n := range sizes {
			b := append(w.Begin(), bytes.Repeat([]byte{byte(i)}, n)...)
			if err := w.End(b); err != nil {
				t.Fatal(err)
			}
		}
		r := pack.NewChunkReader(&stream)
		for i, n := range sizes {
			c, err := r.Next()
			if err != nil || !bytes.Equal(c.Rest(), bytes.Repeat([]byte{byte(i)}, n)) {
				t.Fatalf("chunk %d of %d bytes came back with %d, %v", i, n, len(c.Rest()), err)
			}
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Fatalf("at the end: %v, want io.EOF", err)
		}
	})
}

func TestChunkBytesMax(t *testing.T) {
	var stream bytes.Buffer
	w := pack.NewChunkWriter(&stream)
	if err := w.End(append(w.Begin(), make([]byte, pack.ChunkBytesMax)...)); err != nil {
		t.Fatalf("the largest chunk: %v", err)
	}
	size := stream.Len()
	if err := w.End(append(w.Begin(), make([]byte, pack.ChunkBytesMax+1)...)); err == nil {
		t.Error("a chunk above the limit was written")
	}
	if stream.Len() != size {
		t.Error("a refused chunk left bytes in the stream")
	}
	r := pack.NewChunkReader(&stream)
	if c, err := r.Next(); err != nil || len(c.Rest()) != pack.ChunkBytesMax {
		t.Errorf("the largest chunk came back with %d bytes, %v", len(c.Rest()), err)
	}
	announced := []byte{0x00, 0x10, 0x00, 0x01} // ChunkBytesMax + 1
	if _, err := pack.NewChunkReader(bytes.NewReader(announced)).Next(); err == nil ||
		!strings.Contains(err.Error(), "at most 1048576") {
		t.Errorf("a chunk that announces more than the limit: %v", err)
	}
}

// TestChunkCutShort: a stream that ends inside a chunk never looks complete.
func TestChunkCutShort(t *testing.T) {
	var stream bytes.Buffer
	w := pack.NewChunkWriter(&stream)
	if err := w.End(pack.AppendString(w.Begin(), "all of this")); err != nil {
		t.Fatal(err)
	}
	for n := 1; n < stream.Len(); n++ {
		_, err := pack.NewChunkReader(bytes.NewReader(stream.Bytes()[:n])).Next()
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut to %d bytes: %v, want io.ErrUnexpectedEOF", n, err)
		}
	}
}

// failing is a disk that is full.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestChunkWriteFails(t *testing.T) {
	w := pack.NewChunkWriter(failing{})
	if err := w.End(w.Begin()); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a failed write came back as %v", err)
	}
}
