package throng_test

import (
	"bytes"
	"fmt"
	"regexp"
)

// bannedWords do not belong into any text file. They are written in two halves
// here, so that this file does not break its own rule.
var bannedWords = []struct {
	words *regexp.Regexp
	cure  string
}{
	{regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME)\b`),
		"do it now, or open an issue and say here how things are"},
	{regexp.MustCompile(`(^|[^\w.])/wo` + `rk/|\.\./sha` + `red\b`),
		"a path of one machine: say where things are in the repository, or how to get them"},
}

func checkWords(t *tree) []finding {
	var out []finding
	for _, s := range t.files {
		for i, line := range bytes.Split(s.text, []byte{'\n'}) {
			for _, b := range bannedWords {
				if word := b.words.Find(line); word != nil {
					out = append(out, finding{fmt.Sprintf("%s:%d", s.path, i+1),
						fmt.Sprintf("%q: %s", bytes.TrimSpace(word), b.cure)})
				}
			}
		}
	}
	return out
}
