package config

import (
	"fmt"
	"slices"
	"strings"
)

// NameBytesMax is the length up to which a nearest name is looked for.
const NameBytesMax = 64

// unknownKey is the mistake of a key in the file that there is not.
func unknownKey(e entry, names []string) Mistake {
	name := shortened(e.key)
	if near := Nearest(e.key, names); near != "" {
		return e.origin.lineMistake("there is no key %q: did you mean %s?", name, near)
	}
	return e.origin.lineMistake("there is no key %q: 'throng config doc' lists all", name)
}

// unknownVariable is the mistake of a variable that sets no key.
func unknownVariable(variable, key string, names []string) Mistake {
	o := Origin{Source: FromEnvironment}
	m := Mistake{Origin: o, At: shortened(variable)}
	m.Text = " sets nothing: unset it, or see 'throng config doc' for all keys"
	if near := Nearest(key, append(slices.Clone(names), "config")); near != "" {
		m.Text = fmt.Sprintf(" sets nothing: did you mean %s?", o.spell(near))
	}
	return m
}

// Nearest returns the name that is most like another one, or "" if none is much like it:
// the one with the fewest letters to change, else the first that begins with it. Case and
// the choice of dash do not count.
func Nearest(name string, names []string) string {
	if name == "" || len(name) > NameBytesMax {
		return ""
	}
	plain := strings.NewReplacer("-", "_", ".", "_")
	name = plain.Replace(strings.ToLower(name))
	best, least := "", max(2, len(name)/3)+1
	for _, candidate := range names {
		if d := distance(name, plain.Replace(candidate)); d < least {
			best, least = candidate, d
		}
	}
	if i := slices.IndexFunc(names, func(candidate string) bool {
		return strings.HasPrefix(plain.Replace(candidate), name+"_")
	}); best == "" && i >= 0 {
		return names[i]
	}
	return best
}

// distance returns how many bytes must be put in, taken out or replaced to make a
// of b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
