package config

import "github.com/spf13/pflag"

// Flags is what a command line says about the configuration.
type Flags struct {
	file     string
	settings []Setting
}

// AddFlags adds a flag for each key, and --config, and returns what they are set
// to once the command line has been parsed.
func AddFlags(flags *pflag.FlagSet) *Flags {
	f := &Flags{}
	f.AddFile(flags)
	for _, k := range Default().Keys() {
		usage := k.Doc
		if within := k.Range(); within != "" {
			usage += ": " + within
		}
		option := flags.VarPF(&flagValue{flags: f, key: &k, text: k.Default()},
			k.Flag(), "", usage)
		if _, ok := k.value.(*yesNo); ok {
			option.NoOptDefVal = "true"
		}
	}
	return f
}

// AddFile adds --config alone.
func (f *Flags) AddFile(flags *pflag.FlagSet) {
	flags.StringVar(&f.file, "config", "",
		"`file` with the configuration, in YAML (default what "+FileVariable+" names)")
}

// Sources returns the sources of a process with these flags and this environment.
func (f *Flags) Sources(environ []string) Sources {
	s := Sources{File: f.file, Environ: environ, Flags: f.settings}
	if s.File == "" {
		s.File = fileIn(environ)
	}
	return s
}

// flagValue notes what a flag was set to; Load looks whether it is right, so that
// it can tell all mistakes at once.
type flagValue struct {
	flags *Flags
	key   *Key
	text  string
}

func (v *flagValue) String() string { return v.text }

// Set implements pflag.Value.
func (v *flagValue) Set(text string) error {
	v.text = text
	v.flags.settings = append(v.flags.settings, Setting{Key: v.key.Name, Text: text})
	return nil
}

// Type implements pflag.Value: the word for values that have no better one.
func (v *flagValue) Type() string { return v.key.Type() }
