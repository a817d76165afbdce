// Package config is the configuration of a node: which keys there are, where
// their values come from, and what is wrong with them.
//
// Each section (Node, Clients, Tokens, Limits, Logs …) is a struct, with a method
// that lists its keys beside it: name, meaning, default, range. From this one
// list come the file, the environment, the flags, their help, the output of
// throng config, and docs/configuration.md. The lists are values of Go and no
// struct tags, so that a default or a bound is the constant of the package that
// it belongs to, and the compiler reads both.
//
// To add a key, add a field and an entry to keys() of its section, and pass the
// field on in cmd/throng/node.go. To add a section, add it to Config and to its
// keys().
//
// # A key
//
// A key has one name in three spellings:
//
//	client_addr           in the file
//	THRONG_CLIENT_ADDR    in the environment
//	--client-addr         on the command line
//
// The file is one flat YAML mapping. What is set in more than one place counts
// as on the command line, else as in the environment, else as in the file.
// Values are texts, yes or no, whole numbers, sizes (65536, 64KiB, 1GiB),
// durations (90s, 1h30m), and lists, which are sequences in the file and
// separated by commas elsewhere.
//
// # Invariants
//
//	I1  Load returns a configuration without mistakes, or all mistakes at once,
//	    each with its place. A value that another one overrides is checked too.
//	I2  No secret is a value: keys whose names end in _file name files. Mistakes
//	    print no value that could be one, nor any of an unknown name.
//	I3  What throng config doc writes is a file that Load takes, with the same
//	    values as no file.
//	I4  Each field of a section has one key.
//
// # Limits
//
// A file has at most FileBytesMax bytes. Names of more than NameBytesMax bytes
// have no nearest name.
//
// A Config belongs to who loaded it; nothing here starts a goroutine or keeps
// state.
package config
