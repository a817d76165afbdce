package config

import "slices"

// Sources is where a configuration comes from, beside the defaults.
type Sources struct {
	// File is the name of a YAML file; "" for none.
	File string
	// Environ is the environment, NAME=value each.
	Environ []string
	// Flags are those that were set on the command line, in their order.
	Flags []Setting
}

// A Setting is a flag that was set. Setting a list again adds to it.
type Setting struct{ Key, Text string }

// entry is one value of one key at one place.
type entry struct {
	key      string
	text     string
	texts    []string // of a sequence
	sequence bool
	origin   Origin
}

// found is what a source sets, and what is wrong with its form.
type found struct {
	entries []entry
	wrong   Mistakes
}

// Load reads all sources. The error is Mistakes, or says that the file cannot be
// read.
func Load(s Sources) (*Config, error) {
	file, err := readFile(s.File)
	if err != nil {
		return nil, err
	}
	return load(file, s)
}

// load puts together what was found in the file with the other sources.
func load(file found, s Sources) (*Config, error) {
	entries, wrong := file.entries, file.wrong
	c := Default()
	keys := map[string]*Key{}
	var names []string
	for _, k := range c.Keys() {
		keys[k.Name] = &k
		names = append(names, k.Name)
	}
	fromEnviron, more := readEnviron(s.Environ, names)
	entries, wrong = append(entries, fromEnviron...), append(wrong, more...)
	entries = append(entries, flagEntries(s.Flags, keys)...)
	for _, e := range entries {
		k := keys[e.key]
		if k == nil {
			wrong = append(wrong, unknownKey(e, names))
			continue
		}
		if err := k.set(&e); err != nil {
			wrong = append(wrong, wrongValue(k, &e, err))
			continue
		}
		c.origins[k.Name] = e.origin
	}
	wrong = append(wrong, c.Tokens.check(c)...)
	wrong = append(wrong, c.Cluster.check(c)...)
	wrong = append(wrong, c.checkPorts()...)
	if len(wrong) > 0 {
		wrong.sort()
		return nil, wrong
	}
	return c, nil
}

// flagEntries joins what was set of one list by several flags.
func flagEntries(settings []Setting, keys map[string]*Key) []entry {
	var entries []entry
	for _, s := range settings {
		i := slices.IndexFunc(entries, func(e entry) bool { return e.key == s.Key })
		switch {
		case i < 0:
			entries = append(entries,
				entry{key: s.Key, text: s.Text, origin: Origin{Source: FromFlag}})
		case keys[s.Key] != nil && keys[s.Key].isList():
			entries[i].text += "," + s.Text
		default:
			entries[i].text = s.Text
		}
	}
	return entries
}
