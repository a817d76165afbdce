package config

import "strings"

// A Key is one thing that can be configured.
type Key struct {
	// Name is the key in the file, in snake_case.
	Name string
	// Doc says what the key is, beginning with a word for the value in backquotes,
	// as in the usage of a flag.
	Doc string
	// Reloadable says whether SIGHUP takes a new value over.
	Reloadable bool
	// Secret says that the key names a file with a secret.
	Secret bool

	value value
}

// Flag returns the name of the flag, without its dashes.
func (k *Key) Flag() string { return strings.ReplaceAll(k.Name, "_", "-") }

// Variable returns the name in the environment.
func (k *Key) Variable() string { return variablePrefix + strings.ToUpper(k.Name) }

// Text returns the value as it is written in the environment, and in the file
// unless it is a list.
func (k *Key) Text() string { return k.value.String() }

// Default returns the default as Text would.
func (k *Key) Default() string { return k.value.defaultText() }

// Type names the type of the value in one or two words.
func (k *Key) Type() string { return k.value.kind() }

// Range says which values are taken; "" if all of the type are, or if Doc says it.
func (k *Key) Range() string { return k.value.bounds() }

// set takes a value from one text or, in the file, from the texts of a sequence.
// The error says what is wanted, and begins with "want" or "there is".
func (k *Key) set(e *entry) error {
	if k.Secret && looksSecret(e.text) {
		return errSecret
	}
	l, isList := k.value.(*list)
	switch {
	case !e.sequence:
		return k.value.set(e.text)
	case !isList:
		return errSequence
	}
	return l.setAll(e.texts)
}

// looksSecret says whether a text that should name a file is rather what should
// be in one: a line of 64 hexadecimal digits, a key in PEM.
func looksSecret(text string) bool {
	if strings.ContainsAny(text, "\n\r") || strings.Contains(text, "-----BEGIN") {
		return true
	}
	return len(text) >= 32 && strings.Trim(text, "0123456789abcdefABCDEF") == ""
}

// isList says whether setting the flag again adds to the value.
func (k *Key) isList() bool {
	_, ok := k.value.(*list)
	return ok
}
