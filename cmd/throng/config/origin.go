package config

import "fmt"

// A Source is where a value comes from. Later ones override earlier ones.
type Source uint8

// The sources, in rising precedence.
const (
	FromDefault Source = iota
	FromFile
	FromEnvironment
	FromFlag
)

// An Origin is where one value comes from.
type Origin struct {
	Source Source
	File   string // FromFile: its name
	Line   int    // FromFile: counted from 1
}

// Of says it for people: default, throng.yaml:3, env THRONG_SHARDS, flag --shards.
func (o Origin) Of(key string) string {
	switch o.Source {
	case FromFile:
		return fmt.Sprintf("%s:%d", o.File, o.Line)
	case FromEnvironment:
		return "env " + o.spell(key)
	case FromFlag:
		return "flag " + o.spell(key)
	}
	return "default"
}

// spell returns a key as it is spelled where the origin is; defaults are spelled
// like flags.
func (o Origin) spell(key string) string {
	k := Key{Name: key}
	switch o.Source {
	case FromFile:
		return k.Name
	case FromEnvironment:
		return k.Variable()
	}
	return "--" + k.Flag()
}

// at is the beginning of a sentence about a key: throng.yaml:3: shards.
func (o Origin) at(key string) string {
	if o.Source == FromFile {
		return fmt.Sprintf("%s:%d: %s", o.File, o.Line, key)
	}
	return o.spell(key)
}
