package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/netio/credential"
)

const keysHelp = `Make the secrets of a node: server.key, token.keys, admin.token, and
cluster.secret, which all nodes of a cluster share.

They go into a directory, each readable by its owner only. One that is there
already is left as it is. To stdout goes what throng serve must be told; a node
that is open to the network wants it. Keep a copy of the directory: who has lost
the server key has lost his way in. Guard it like a password.`

func newKeys() *cobra.Command {
	return &cobra.Command{
		Use:     "keys DIR",
		Short:   "Make the secrets of a node",
		Long:    keysHelp,
		Example: "  throng keys ./keys\n  throng serve --client-addr :7400 $(throng keys ./keys)",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return usagef("want one directory for the keys")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return makeKeys(args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
}

func makeKeys(dir string, stdout, stderr io.Writer) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("find the directory of the keys: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the directory of the keys: %w", err)
	}
	if err := disk.SyncDir(vfs.Default, filepath.Dir(dir)); err != nil {
		return fmt.Errorf("make the directory of the keys: %w", err)
	}
	var flags []string
	for _, s := range []struct{ base, flag, text string }{
		{serverSecret.base, "--server-key-file", drawKey()},
		{"token.keys", "--token-keys-file", credential.DrawKeys()},
		{adminSecret.base, "--admin-token-file", drawKey()},
		{clusterSecret.base, "--cluster-secret-file", drawKey()},
	} {
		file := filepath.Join(dir, s.base)
		made, err := makeSecret(file, s.text)
		if err != nil {
			return fmt.Errorf("make %s: %w", file, err)
		}
		if made {
			fmt.Fprintf(stderr, "made %s\n", file)
		} else {
			fmt.Fprintf(stderr, "kept %s, which was there\n", file)
		}
		flags = append(flags, s.flag, file)
	}
	fmt.Fprintln(stdout, strings.Join(flags, " "))
	return nil
}
