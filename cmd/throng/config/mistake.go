package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

var (
	errSequence = errors.New("want one value, not a sequence")
	errSecret   = errors.New("want the name of a file: write the secret into one that only " +
		"you can read, and name that here")
)

// A Mistake is one thing that is wrong in a configuration.
type Mistake struct {
	Origin Origin
	At     string // where, for people: throng.yaml:3: shards, THRONG_SHARDS, --shards
	Text   string // what, and what to do; after At it makes a sentence
}

func (m Mistake) String() string { return m.At + m.Text }

// toldMax is how many mistakes one error tells: this may be a file of another program.
const toldMax = 100

// Mistakes are all that is wrong in a configuration; there is at least one.
type Mistakes []Mistake

func (m Mistakes) Error() string {
	if len(m) == 1 {
		return m[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d mistakes in the configuration:", len(m))
	for _, one := range m[:min(len(m), toldMax)] {
		b.WriteString("\n  " + one.String())
	}
	if more := len(m) - toldMax; more > 0 {
		fmt.Fprintf(&b, "\n  … and %d more", more)
	}
	return b.String()
}

// sort puts mistakes in the order of their sources and lines.
func (m Mistakes) sort() {
	slices.SortStableFunc(m, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Origin.Source, b.Origin.Source),
			cmp.Compare(a.Origin.Line, b.Origin.Line))
	})
}

// mistake is one in a key, or in its value, that comes from o. The format follows
// the name of the key, after a space or a colon.
func (o Origin) mistake(key, format string, args ...any) Mistake {
	return Mistake{Origin: o, At: o.at(shortened(key)), Text: fmt.Sprintf(format, args...)}
}

// lineMistake is one in a line of a file, or in all of it.
func (o Origin) lineMistake(format string, args ...any) Mistake {
	at := o.File
	if o.Line > 0 {
		at = fmt.Sprintf("%s:%d", o.File, o.Line)
	}
	return Mistake{Origin: o, At: at + ": ", Text: fmt.Sprintf(format, args...)}
}

// wrongValue is the mistake of an entry whose value its key does not take.
func wrongValue(k *Key, e *entry, err error) Mistake {
	switch {
	case errors.Is(err, errSequence), errors.Is(err, errSecret), e.sequence:
		return e.origin.mistake(k.Name, ": %v", err)
	case e.text == "":
		return e.origin.mistake(k.Name, " is empty: %v", err)
	}
	return e.origin.mistake(k.Name, " %s: %v", k.value.quote(e.text), err)
}

// shortened cuts a text that is too long for a message.
func shortened(text string) string {
	const most = 100
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
