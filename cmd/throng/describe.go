package main

import (
	"encoding/json"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/thronggrid/throng/cmd/throng/config"
)

// commandJSON is a command in the output of throng describe.
type commandJSON struct {
	Path    string     `json:"path"` // throng bench peer
	Short   string     `json:"short"`
	Long    string     `json:"long"`
	Usage   string     `json:"usage"`
	Example string     `json:"example"`
	Flags   []flagJSON `json:"flags"`
}

// flagJSON is a flag of a command.
type flagJSON struct {
	Name      string `json:"name"`
	Shorthand string `json:"shorthand"`
	Value     string `json:"value"` // a word for what it takes; "": it takes nothing
	Default   string `json:"default"`
	Help      string `json:"help"`
	Section   string `json:"section"` // of the configuration, when it is a key of that
}

// newDescribe returns what docs/commands.md is generated from.
func newDescribe() *cobra.Command {
	return &cobra.Command{
		Use: "describe", Hidden: true, Args: noArgs,
		Short:   "Describe all commands and their flags",
		Long:    "Describe all commands and their flags as JSON: docs are made of it.",
		Example: "  throng describe",
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := json.NewEncoder(cmd.OutOrStdout())
			out.SetIndent("", "  ")
			return out.Encode(described(cmd.Root()))
		},
	}
}

// described describes a command, and behind it those that it holds and shows.
func described(cmd *cobra.Command) []commandJSON {
	out := []commandJSON{{
		Path: cmd.CommandPath(), Short: cmd.Short, Long: cmd.Long, Usage: cmd.UseLine(),
		Example: cmd.Example, Flags: describedFlags(cmd.Flags()),
	}}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			out = append(out, described(c)...)
		}
	}
	return out
}

// describedFlags describes the keys of the configuration last, in their own order.
func describedFlags(flags *pflag.FlagSet) []flagJSON {
	keys := keyFlags(flags)
	out := []flagJSON{}
	flags.VisitAll(func(f *pflag.Flag) {
		isKey := slices.ContainsFunc(keys, func(k flagJSON) bool { return k.Name == f.Name })
		if !isKey && f.Name != "help" && !f.Hidden {
			out = append(out, describedFlag(f, ""))
		}
	})
	return append(out, keys...)
}

// keyFlags describes the flags that are keys of the configuration: all keys, or else none,
// since other commands have flags that are called like a key.
func keyFlags(flags *pflag.FlagSet) (out []flagJSON) {
	for _, s := range config.Default().Sections() {
		for _, k := range s.Keys {
			f := flags.Lookup(k.Flag())
			if f == nil {
				return nil
			}
			out = append(out, describedFlag(f, s.Title))
		}
	}
	return out
}

func describedFlag(f *pflag.Flag, section string) flagJSON {
	value, help := pflag.UnquoteUsage(f)
	out := flagJSON{
		Name: f.Name, Shorthand: f.Shorthand, Value: value, Help: help, Section: section,
	}
	if f.DefValue != "[]" && f.DefValue != "false" {
		out.Default = f.DefValue
	}
	return out
}
