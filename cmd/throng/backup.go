package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/durable/backup"
)

const backupHelp = `Write a backup of a node to a file, while the node serves.

The backup shows the node at one moment: all that was acknowledged before the command
began, and nothing in part. It is taken from the node's HTTP port, which needs the
admin token. The node goes on serving; it works on the backup a third of the time.

With --data-dir it is taken of a node that is stopped: its shards are started without
any port, and stopped again. That counts as a start of the node, whose state stays as
it is.

The file gets its name when it is whole, on disk, and was read back: --verify=false
leaves out to work out all digests anew. For each shard the command prints the point of
its log (term and index) that the backup shows, and the digest of its state there.

The keys in the data directory (server.key and token.keys) are not in it, unless
--with-keys asks for them: guard such a backup like a password. Without them a restored
node makes keys of its own, and tokens that players hold are refused there. Keys that are
kept elsewhere (server_key_file, token_keys_file) are in no backup: keep a copy of them.`

const backupExample = `  throng backup --admin-token-file data/admin.token today.throng
  throng backup --http 127.0.0.1:7401 --with-keys today.throng
  throng backup --data-dir data today.throng    # of a node that is stopped
  throng backup verify today.throng
  throng restore --data-dir restored today.throng`

type backupFlags struct {
	http      string
	tokenFile string
	dataDir   string
	keys      bool
	verify    bool
	output    string
}

func newBackup() *cobra.Command {
	var f backupFlags
	cmd := &cobra.Command{
		Use:     "backup FILE",
		Short:   "Back up a node, while it runs",
		Long:    backupHelp,
		Example: backupExample,
		Args:    oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd); err != nil {
				return err
			}
			return f.run(cmd, args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.http, "http", "127.0.0.1:7401", "`host:port` of the node's HTTP port")
	flags.StringVar(&f.tokenFile, "admin-token-file", "data/admin.token",
		"`file` with the node's admin token")
	flags.StringVar(&f.dataDir, "data-dir", "",
		"data `directory` of a node that is stopped, to back that up")
	flags.BoolVar(&f.keys, "with-keys", false, "the keys in the node's data directory, too")
	flags.BoolVar(&f.verify, "verify", true, "read the file back and work out all digests anew")
	addOutput(cmd, &f.output)
	cmd.AddCommand(newBackupVerify())
	return cmd
}

// oneFile wants the name of a file and nothing else.
func oneFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 || args[0] == "" {
		return usagef("%s wants one file: %s", cmd.CommandPath(), cmd.UseLine())
	}
	return nil
}

func (f *backupFlags) check(cmd *cobra.Command) error {
	for _, flag := range []string{"http", "admin-token-file"} {
		if f.dataDir != "" && cmd.Flags().Changed(flag) {
			return usagef("--data-dir is for a node that is stopped, --%s for one that runs: "+
				"give one of them", flag)
		}
	}
	if _, _, err := net.SplitHostPort(f.http); err != nil {
		return usagef("--http %q: want host:port, 127.0.0.1:7401 say", f.http)
	}
	return checkOutput(f.output)
}

func (f *backupFlags) run(cmd *cobra.Command, file string) error {
	if err := checkNew(file); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	from, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer from.Close()
	bar := newProgress(cmd.ErrOrStderr(), "backing up")
	sum, err := keepBackup(file, from, f.verify, bar)
	bar.clear()
	if err != nil {
		if ctx.Err() != nil {
			err = errors.New("interrupted")
		}
		return fmt.Errorf("back up to %s: %w", file, err)
	}
	return printBackup(cmd.OutOrStdout(), f.output, file, &sum)
}

// open begins a backup, and returns its bytes as they come.
func (f *backupFlags) open(ctx context.Context) (io.ReadCloser, error) {
	if f.dataDir != "" {
		return backUpStopped(ctx, f.dataDir, f.keys)
	}
	token, err := adminSecret.read(f.tokenFile)
	if err != nil {
		return nil, fmt.Errorf("%w; name it with --admin-token-file", err)
	}
	url := "http://" + f.http + "/admin/backup"
	if f.keys {
		url += "?keys=1"
	}
	ask, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return nil, err
	}
	ask.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		return nil, fmt.Errorf("ask the node for a backup: %w; is it running, with its HTTP port "+
			"at %s? name that with --http", err, f.http)
	}
	if answer.StatusCode != http.StatusOK {
		defer answer.Body.Close()
		return nil, fmt.Errorf("the node refused: %s", reasonOf(answer))
	}
	return answer.Body, nil
}

// reasonOf returns what an answer of the HTTP port says is wrong.
func reasonOf(answer *http.Response) string {
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	var said struct {
		Error struct{ Code, Message string }
	}
	if json.Unmarshal(text, &said) == nil && said.Error.Message != "" {
		return said.Error.Code + ": " + said.Error.Message
	}
	return answer.Status + " " + strings.TrimSpace(string(text))
}

// backupJSON is what throng backup and restore print; the names are stable.
type backupJSON struct {
	File    string     `json:"file"`
	Bytes   uint64     `json:"bytes"`
	Made    time.Time  `json:"made"`    // the moment that it shows
	Version string     `json:"version"` // of the throng that wrote it
	Parts   []partJSON `json:"parts"`
}

type partJSON struct {
	Part   string `json:"part"`
	Term   uint64 `json:"term,omitempty"`
	Index  uint64 `json:"index,omitempty"` // of the shard's log
	Bytes  uint64 `json:"bytes"`
	Rows   uint64 `json:"rows,omitempty"`
	Digest string `json:"digest,omitempty"`
}

func printBackup(stdout io.Writer, output, file string, sum *backup.Summary) error {
	out := backupJSON{File: file, Bytes: sum.Bytes, Made: time.UnixMicro(sum.Made).UTC(),
		Version: sum.Node.Version}
	for _, p := range sum.Parts {
		row := partJSON{Part: p.Name(), Term: p.Term, Index: p.Index,
			Bytes: p.Bytes, Rows: p.Rows}
		if p.Kind == backup.KindShard || p.Kind == backup.KindRecords {
			row.Digest = fmt.Sprintf("%016x", p.Digest)
		}
		out.Parts = append(out.Parts, row)
	}
	if output == "json" {
		return json.NewEncoder(stdout).Encode(out)
	}
	fmt.Fprintf(stdout, "%s: %d bytes, of %s, by throng %s\n",
		out.File, out.Bytes, out.Made.Format(time.RFC3339Nano), out.Version)
	t := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "part\tterm\tindex\tbytes\trows\tdigest")
	for _, p := range out.Parts {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%s\n",
			p.Part, p.Term, p.Index, p.Bytes, p.Rows, p.Digest)
	}
	return t.Flush()
}

func newBackupVerify() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check a backup",
		Long: `Read a whole backup: every checksum, every value, and all digests, which are worked
out anew. Nothing is written. It holds one slot at a time in memory.`,
		Example: "  throng backup verify today.throng\n  throng backup verify -o json today.throng",
		Args:    oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			return runVerify(cmd, args[0], output)
		},
	}
	addOutput(cmd, &output)
	return cmd
}

func runVerify(cmd *cobra.Command, file, output string) error {
	bar := newProgress(cmd.ErrOrStderr(), "verifying")
	sum, err := verifyFile(file, bar)
	bar.clear()
	if err != nil {
		return err
	}
	return printBackup(cmd.OutOrStdout(), output, file, &sum)
}
