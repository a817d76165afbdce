package config

import (
	"testing"
)

// FuzzFile: whatever a file holds, it is taken or refused with mistakes in its
// lines, and what was taken is written so that it is taken again.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"", "shards: 2\n", "shards: x\nshards: 3", "websocket_origins: [https://a.example]", "- a", "a: [",
		"? {a: b}\n: c", "x: &a 1\nshards: *a\n", "---\nshards: 1\n---\n", "data_dir: |\n  a\n  b\n", "<<: {}",
		"shards: !!binary aGk=", Default().YAML(),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := load(parsed("throng.yaml", data), Sources{})
		if err != nil {
			return
		}
		again, err := load(parsed("throng.yaml", []byte(c.YAML())), Sources{})
		if err != nil {
			t.Fatalf("%s is refused: %v", c.YAML(), err)
		}
		if wrong := c.Changes(again); len(wrong) > 0 {
			t.Fatalf("written and read again it changes: %v", wrong)
		}
	})
}
