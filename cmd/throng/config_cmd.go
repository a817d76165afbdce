package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/cmd/throng/config"
)

const configHelp = `Look at the configuration of a node.

A key is set in a YAML file (--config, or THRONG_CONFIG), in the environment, or
by a flag of throng serve: client_addr, THRONG_CLIENT_ADDR, --client-addr. A flag
counts before the environment, and that before the file.`

func newConfig() *cobra.Command {
	group := newGroup("config", "Show, check and explain the configuration", configHelp)
	group.Example = `  throng config show --origin
  throng config check throng.yaml
  throng config doc > throng.yaml`
	group.AddCommand(newConfigShow(), newConfigCheck(), newConfigDoc())
	return group
}

func newConfigShow() *cobra.Command {
	var (
		flags  *config.Flags
		origin bool
		output string
	)
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show what throng serve would use, with the same file, environment and flags",
		Long: "Show the value of each key as throng serve would use it, with the same file,\n" +
			"environment and flags. Secrets are in files, which are named and not read.",
		Example: "  throng config show --config throng.yaml --origin\n" +
			"  throng config show -o json",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			c, err := loadConfig(flags.Sources(os.Environ()))
			if err != nil {
				return err
			}
			if output == "json" {
				return showJSON(cmd.OutOrStdout(), c)
			}
			return showTable(cmd.OutOrStdout(), c, origin)
		},
	}
	flags = config.AddFlags(cmd.Flags())
	cmd.Flags().BoolVar(&origin, "origin", false, "say where each value comes from")
	addOutput(cmd, &output)
	return cmd
}

func showTable(w io.Writer, c *config.Config, origin bool) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, k := range c.Keys() {
		value := k.Text()
		if value == "" {
			value = `""`
		}
		if origin {
			fmt.Fprintf(table, "%s\t%s\t%s\n", k.Name, value, c.Origin(k.Name).Of(k.Name))
		} else {
			fmt.Fprintf(table, "%s\t%s\n", k.Name, value)
		}
	}
	return table.Flush()
}

// shownKey is a key in the output of throng config show -o json.
type shownKey struct {
	Key        string `json:"key"`
	Value      string `json:"value"`
	Origin     string `json:"origin"`
	Default    string `json:"default"`
	Reloadable bool   `json:"reloadable"`
}

func showJSON(w io.Writer, c *config.Config) error {
	var keys []shownKey
	for _, k := range c.Keys() {
		keys = append(keys,
			shownKey{k.Name, k.Text(), c.Origin(k.Name).Of(k.Name), k.Default(), k.Reloadable})
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Keys []shownKey `json:"keys"`
	}{keys})
}

func newConfigCheck() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Check a configuration file",
		Long: "Check a configuration file, for itself: the environment does not count. Every\n" +
			"mistake is told with its line, and the exit code is then 2.",
		Example: "  throng config check throng.yaml\n  throng config check throng.yaml -o json",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("want one file to check")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			_, err := loadToServe(cmd.Context(), config.Sources{File: args[0]})
			if output == "json" {
				return errors.Join(checkedJSON(cmd.OutOrStdout(), err), err)
			}
			if err == nil {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is right\n", args[0])
			}
			return err
		},
	}
	addOutput(cmd, &output)
	return cmd
}

// checkedMistake is a mistake in the output of throng config check -o json.
type checkedMistake struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"` // none in particular when it is not there
	Text string `json:"text"`           // with the file and the line
}

// checkedJSON writes what is wrong with a file. One that could not be read is only told
// as an error.
func checkedJSON(w io.Writer, err error) error {
	var wrong config.Mistakes
	if err != nil && !errors.As(err, &wrong) {
		return nil
	}
	mistakes := []checkedMistake{}
	for _, m := range wrong {
		mistakes = append(mistakes, checkedMistake{m.Origin.File, m.Origin.Line, m.String()})
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		OK       bool             `json:"ok"`
		Mistakes []checkedMistake `json:"mistakes"`
	}{len(mistakes) == 0, mistakes})
}

func newConfigDoc() *cobra.Command {
	var markdown bool
	cmd := &cobra.Command{
		Use:   "doc",
		Short: "Write a file with all keys and their defaults",
		Long: "Write a YAML file with all keys, what they mean, and their defaults: one to\n" +
			"begin with.",
		Example: "  throng config doc > throng.yaml\n  throng config doc --markdown",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text := config.Default().YAML()
			if markdown {
				text = config.Markdown()
			}
			_, err := io.WriteString(cmd.OutOrStdout(), text)
			return err
		},
	}
	cmd.Flags().BoolVar(&markdown, "markdown", false, "write docs/configuration.md instead")
	return cmd
}
