package config

import "maps"

// A Change is a key whose value differs between two configurations.
type Change struct {
	Key        string
	Old, New   string
	Reloadable bool
}

// Changes returns what next has otherwise than c, in the order of the keys.
func (c *Config) Changes(next *Config) []Change {
	var changes []Change
	after := next.Keys()
	for i, k := range c.Keys() {
		if was, is := k.Text(), after[i].Text(); was != is {
			changes = append(changes, Change{k.Name, was, is, k.Reloadable})
		}
	}
	return changes
}

// Reloaded returns c with the values of next for the keys that can be reloaded.
func (c *Config) Reloaded(next *Config) *Config {
	merged := *c
	merged.origins = maps.Clone(c.origins)
	after := next.Keys()
	for i, k := range merged.Keys() {
		if !k.Reloadable {
			continue
		}
		_ = k.value.set(after[i].Text()) // it was taken before, and is again
		delete(merged.origins, k.Name)
		if origin, set := next.origins[k.Name]; set {
			merged.origins[k.Name] = origin
		}
	}
	return &merged
}
