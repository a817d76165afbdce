package config

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestYAML: the file that says all is one, and changes nothing.
func TestYAML(t *testing.T) {
	odd, err := Load(Sources{Flags: []Setting{
		{"data_dir", "Straße \t\"x\" # 1: \u2028\U0001F600"}, {"jwt_algorithms", "RS256,ES256"},
		{"jwt_key_file", "no"}, {"frame_bytes_max", "70000"}, {"session_grace", "90s"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*Config{Default(), odd} {
		again, err := Load(Sources{File: written(t, c.YAML())})
		if err != nil {
			t.Fatal(err)
		}
		if len(again.origins) != len(c.Keys()) {
			t.Errorf("the file sets %d keys of %d", len(again.origins), len(c.Keys()))
		}
		if wrong := c.Changes(again); len(wrong) > 0 {
			t.Errorf("the file changes %v", wrong)
		}
	}
}

// TestPageIsFresh: docs/configuration.md is what the keys make of it.
func TestPageIsFresh(t *testing.T) {
	page, err := os.ReadFile("../../../docs/configuration.md")
	if err != nil || string(page) != Markdown() {
		t.Errorf("docs/configuration.md is not fresh: run make generate (%v)", err)
	}
}

func TestWrapped(t *testing.T) {
	want := []string{"one two", "three", "a-word-that-is-too-long", "four"}
	got := wrapped("one two three a-word-that-is-too-long four", 8)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := wrapped(strings.Repeat("ab ", 40), 78); len(got) != 2 {
		t.Errorf("%q", got)
	}
}
