package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/netio/wire"
)

// versionInfo is what throng version says; the JSON names are stable.
type versionInfo struct {
	Version  string `json:"version"`
	Revision string `json:"revision"` // of the sources; empty when built without them
	Modified bool   `json:"modified"` // the sources differ from the revision
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Protocol int    `json:"protocol"` // the newest protocol version that it speaks
}

// version is set by a release build: -ldflags "-X main.version=v0.1.0".
var version string

func newVersion() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Say which build this is",
		Long:    "Say which build this is, and which version of the protocol it speaks.",
		Example: "  throng version\n  throng version -o json",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			return printVersion(cmd, output, readVersion())
		},
	}
	addOutput(cmd, &output)
	return cmd
}

func readVersion() versionInfo {
	v := versionInfo{
		Version:  "(devel)",
		Go:       runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Protocol: wire.Version,
	}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	switch {
	case version != "":
		v.Version = version
	case build.Main.Version != "":
		v.Version = build.Main.Version
	}
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

func printVersion(cmd *cobra.Command, output string, v versionInfo) error {
	if output == "json" {
		e := json.NewEncoder(cmd.OutOrStdout())
		e.SetIndent("", "  ")
		return e.Encode(v)
	}
	t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "throng\t%s\n", v.Version)
	if v.Revision != "" {
		fmt.Fprintf(t, "revision\t%s\n", v.Revision)
	}
	fmt.Fprintf(t, "go\t%s\n", v.Go)
	fmt.Fprintf(t, "platform\t%s\n", v.Platform)
	fmt.Fprintf(t, "protocol\t%d\n", v.Protocol)
	return t.Flush()
}

// addOutput adds the flag -o.
func addOutput(cmd *cobra.Command, output *string) {
	cmd.Flags().StringVarP(output, "output", "o", "table", "print a `table` or json")
}

func checkOutput(output string) error {
	if output != "table" && output != "json" {
		return usagef("--output %q: want table or json", output)
	}
	return nil
}
