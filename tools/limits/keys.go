package main

import (
	"fmt"
	"strings"

	"github.com/thronggrid/throng/cmd/throng/config"
)

// keyTables makes a table of each section of the configuration that is about limits.
func (l *layout) keyTables() (string, error) {
	var b strings.Builder
	named := 0
	for _, s := range config.Default().Sections() {
		title, limits := l.Sections[s.Title]
		if !limits {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "### %s\n\n| key | bounds | default | range | reloads | beyond it |\n"+
			"| --- | --- | --- | --- | --- | --- |\n", title)
		for _, k := range s.Keys {
			hit, ok := l.Keys[k.Name]
			if !ok {
				return "", fmt.Errorf("say under keys what happens to who goes beyond %s", k.Name)
			}
			named++
			doc := strings.ReplaceAll(k.Doc, "`", "")
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n",
				k.Name, doc, k.Default(), k.Range(), yes(k.Reloadable), linked(hit))
		}
	}
	if named != len(l.Keys) {
		return "", fmt.Errorf("under keys stand %d, and of these %d are keys: take the others away",
			len(l.Keys), named)
	}
	return b.String(), nil
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
