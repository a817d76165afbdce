package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/grid/slot"
)

// rewrite makes the files of testdata anew. They never change for what is
// released: clients in other languages are tested against them.
var rewrite = flag.Bool("rewrite", false, "write the golden vectors instead of comparing")

// vector is one frame, in a file of testdata: see docs/protocol.md.
type vector struct {
	What   string     `json:"what"`
	Name   string     `json:"name"` // of the kind
	Kind   grid.Kind  `json:"kind"`
	Flags  Flags      `json:"flags"`
	ID     uint32     `json:"id"`
	Fields []namedAny `json:"fields"`
	Hex    string     `json:"hex"` // the whole frame
}

// namedAny is an element of the frame's array; bytes are {"bytes": hex}.
type namedAny struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// golden is what a vector is made from: a frame as this code writes it.
type golden struct {
	what  string
	frame []byte
	names []string
}

// goldens are vectors by the names of their files.
type goldens map[string]golden

// allVectors returns the same at each call.
func allVectors(t *testing.T) goldens {
	w := newWorld(t)
	all := goldens{}
	for _, more := range []goldens{
		helloVectors(), connectionVectors(),
		boardVectors(w), streamVectors(w), roomVectors(w), lateVectors(w), endVectors(w),
	} {
		for name := range more {
			if _, double := all[name]; double {
				t.Fatalf("two vectors %s", name)
			}
		}
		maps.Copy(all, more)
	}
	return all
}

// TestGoldenVectors: the files of testdata are what this code writes, and mean
// what they say.
func TestGoldenVectors(t *testing.T) {
	all, kinds := allVectors(t), kindNames()
	for name, g := range all {
		text, err := json.MarshalIndent(g.vector(t, kinds), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, '\n')
		file := filepath.Join("testdata", name+".json")
		if *rewrite {
			if err := os.WriteFile(file, text, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if want, err := os.ReadFile(file); err != nil || !bytes.Equal(want, text) {
			t.Errorf("%s: the file and the code differ (%v); the code says\n%s", name, err, text)
		}
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) != len(all) {
		t.Errorf("%d files for %d vectors (%v)", len(files), len(all), err)
	}
}

// TestGoldenVectorsAreComplete: every request, reply and push has one.
func TestGoldenVectorsAreComplete(t *testing.T) {
	have := map[grid.Kind]map[string]bool{}
	for _, g := range allVectors(t) {
		f, _, err := Next(g.frame, FrameBytesMax)
		if err != nil {
			t.Fatal(err)
		}
		if have[f.Kind] == nil {
			have[f.Kind] = map[string]bool{}
		}
		have[f.Kind][roleOf(f)] = true
	}
	for kind, name := range kindNames() {
		want := []string{"request", "reply"}
		if pushes()[kind] != "" {
			want = []string{"push"}
		}
		for _, role := range want {
			if !have[kind][role] {
				t.Errorf("%s (%#04x) has no vector of a %s", name, uint16(kind), role)
			}
		}
	}
}

func roleOf(f Frame) string {
	switch {
	case f.Flags&Error != 0:
		return "error"
	case f.Flags&Reply != 0:
		return "reply"
	case f.ID == 0:
		return "push"
	}
	return "request"
}

// pushes are the kinds that the server sends by itself.
func pushes() map[grid.Kind]string {
	return map[grid.Kind]string{
		KindGoodbye: "goodbye", KindMissed: "missed",
		session.KindRefused:  "presence.refused",
		presence.KindChanged: "presence.changed", presence.KindEntered: "presence.entered",
		chat.KindMessage: "chat.message", chat.KindChanged: "chat.changed",
		chat.KindSignaled: "chat.signal", chat.KindAt: "chat.at",
	}
}

// kindNames are the names of all kinds, as in docs/protocol.md.
func kindNames() map[grid.Kind]string {
	names := pushes()
	names[KindHello], names[KindPing], names[KindToken] = "hello", "ping", "token"
	for _, op := range slot.Ops(nil) {
		names[op.Kind] = op.Name
	}
	return names
}

// request is what all requests of features can do.
type request interface {
	Fields() int
	Append([]byte) []byte
}

func frameOf(kind grid.Kind, flags Flags, id uint32, body []byte) []byte {
	return End(append(Begin(nil, kind, flags, id), body...), 0)
}

func writeOf(kind grid.Kind, id uint32, seq, low uint64, r request) []byte {
	b := pack.AppendArray(nil, r.Fields()+2)
	b = pack.AppendUint(pack.AppendUint(b, seq), low)
	return frameOf(kind, 0, id, r.Append(b))
}

func readOf(kind grid.Kind, level grid.Level, id uint32, r request) []byte {
	return frameOf(kind, LevelFlags(level), id, r.Append(pack.AppendArray(nil, r.Fields())))
}

func names(n ...string) []string { return n }

// vector reads a frame with a msgpack codec that is not ours.
func (g golden) vector(t *testing.T, kinds map[grid.Kind]string) vector {
	f, size, err := Next(g.frame, FrameBytesMax)
	if err != nil || size != len(g.frame) {
		t.Fatalf("%s: size %d of %d, %v", g.what, size, len(g.frame), err)
	}
	d := msgpack.NewDecoder(bytes.NewReader(f.Body))
	var values []any
	if err := d.Decode(&values); err != nil || len(values) != len(g.names) {
		t.Fatalf("%s: %d fields for the names %q, %v", g.what, len(values), g.names, err)
	}
	v := vector{What: g.what, Name: kinds[f.Kind], Kind: f.Kind, Flags: f.Flags, ID: f.ID,
		Fields: []namedAny{}, Hex: hex.EncodeToString(g.frame)}
	for i, value := range values {
		v.Fields = append(v.Fields, namedAny{g.names[i], plain(value)})
	}
	return v
}

// plain turns byte fields into what JSON can say.
func plain(v any) any {
	switch v := v.(type) {
	case []byte:
		return map[string]string{"bytes": hex.EncodeToString(v)}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	}
	return v
}
