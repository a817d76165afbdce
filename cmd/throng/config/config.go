package config

// Config is what a node is to do. Load makes one; the zero value is not usable.
type Config struct {
	Node    Node
	Cluster Cluster
	Clients Clients
	Tokens  Tokens
	HTTP    HTTP
	Limits  Limits
	State   State
	Room    Room
	Logs    Logs

	origins map[string]Origin // of keys that are not at their default
}

// A Section is some keys that belong together.
type Section struct {
	Title string
	Keys  []Key
}

// Sections returns all keys, bound to the fields of c.
func (c *Config) Sections() []Section {
	return []Section{
		{"The node", c.Node.keys()},
		{"The cluster", c.Cluster.keys()},
		{"Clients", c.Clients.keys()},
		{"Tokens", c.Tokens.keys()},
		{"The HTTP port", c.HTTP.keys()},
		{"Limits", c.Limits.keys()},
		{"Limits on the state", c.State.keys()},
		{"Disk and memory", c.Room.keys()},
		{"Logs", c.Logs.keys()},
	}
}

// Keys returns the keys of all sections.
func (c *Config) Keys() []Key {
	var all []Key
	for _, s := range c.Sections() {
		all = append(all, s.Keys...)
	}
	return all
}

// Default returns the configuration of a node that is told nothing.
func Default() *Config {
	c := &Config{origins: map[string]Origin{}}
	for _, k := range c.Keys() {
		k.value.reset()
	}
	return c
}

// Origin says where the value of a key comes from.
func (c *Config) Origin(key string) Origin { return c.origins[key] }

// mistake is one in the value of a key, wherever that came from.
func (c *Config) mistake(key, format string, args ...any) Mistake {
	return c.origins[key].mistake(key, format, args...)
}
