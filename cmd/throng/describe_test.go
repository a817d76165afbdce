package main

import (
	"strings"
	"testing"
)

// TestCommandsAreExplained: each command says what it does and shows how, and each flag what
// it takes. All examples are command lines that there are.
func TestCommandsAreExplained(t *testing.T) {
	all := described(newRoot())
	if len(all) < 20 {
		t.Errorf("there are %d commands only", len(all))
	}
	for _, c := range all {
		if c.Short == "" || c.Long == "" || c.Example == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: %q, %q, e.g. %q: want a phrase, sentences and examples", c.Path, c.Short, c.Long, c.Example)
		}
		if err := checkScript(c.Example); err != nil {
			t.Errorf("%s: %v", c.Path, err)
		}
		for _, f := range c.Flags {
			if f.Help == "" || f.Value == "string" || f.Value == "int" || f.Value == "uint" {
				t.Errorf("%s --%s %s: %q: say what it is, and name in backquotes what it takes",
					c.Path, f.Name, f.Value, f.Help)
			}
		}
	}
}
