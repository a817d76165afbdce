package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/spf13/cobra"

	"github.com/thronggrid/throng/grid"
)

const dumpHelp = `Look inside what a node keeps, without changing any of it.

PATH is a data directory, something in it (data/log, data/records, data/snapshots, a single
snapshot, a facts file), or a backup, wherever that lies.

A log and record tables can only be read while no node runs on them; the command says so if
one does. Snapshots and facts files are whole at every moment.

Everything is read and verified. What is damaged is named, the rest is shown all the same,
and the exit code is 1. Lists end after 100 rows; the last line says how to see more.
With -o json each line is one object, whose "type" says what it is of.

Contents that belong to players (messages, metadata) are only counted, and secrets are not
shown at all.`

const dumpExample = `  throng dump data
  throng dump data/log
  throng dump --shard 1 --entries 700-800 data/log
  throng dump data/snapshots/0
  throng dump --slot 1234 data/snapshots/0/2-37.snap
  throng dump today.throng
  throng dump --table chat_messages data/records
  throng dump --shard 1 --limit 0 -o json today.throng | jq .digest`

// dumpFlags say what of a thing is shown.
type dumpFlags struct {
	output string
	limit  int // rows of a list; 0: all
	slot   int // -1: all
	shard  int // -1: all

	entries   string // FROM-TO; "": none are asked for
	from, to  uint64
	tableName string // whose rows are asked for; "": none
}

// dumper is one run of the command.
type dumper struct {
	dumpFlags
	dumpOut
	fs    vfs.FS
	bar   *progress
	found bool // the slot that was asked for
}

func newDump() *cobra.Command {
	var f dumpFlags
	cmd := &cobra.Command{
		Use:     "dump PATH",
		Short:   "Look inside a data directory, a snapshot or a backup",
		Long:    dumpHelp,
		Example: dumpExample,
		Args:    oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return f.run(cmd, args[0])
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.limit, "limit", 100, "`rows` of each list; 0: all of them")
	flags.IntVar(&f.slot, "slot", -1, "only what concerns this `slot`, and what it holds")
	flags.IntVar(&f.shard, "shard", -1, "only this `shard`, and its slots one by one")
	flags.StringVar(&f.entries, "entries", "",
		"of a log, the entries `from-to`, and their commands one by one")
	flags.StringVar(&f.tableName, "table", "",
		"of record tables, the rows of the one with this `name`")
	addOutput(cmd, &f.output)
	return cmd
}

func (f *dumpFlags) check() error {
	switch {
	case f.limit < 0:
		return usagef("--limit %d: want 1 or more rows, or 0 for all", f.limit)
	case f.slot < -1 || f.slot >= grid.Slots:
		return usagef("--slot %d: slots have the numbers 0 to %d", f.slot, grid.Slots-1)
	case f.shard < -1:
		return usagef("--shard %d: shards have the numbers 0 and up", f.shard)
	}
	if err := f.parseEntries(); err != nil {
		return err
	}
	return checkOutput(f.output)
}

// parseEntries takes "7", "7-9" and "7-".
func (f *dumpFlags) parseEntries() (err error) {
	if f.entries == "" {
		return nil
	}
	from, to, isRange := strings.Cut(f.entries, "-")
	f.from, err = strconv.ParseUint(from, 10, 64)
	switch {
	case !isRange:
		f.to = f.from
	case to == "":
		f.to = math.MaxUint64
	case err == nil:
		f.to, err = strconv.ParseUint(to, 10, 64)
	}
	if err != nil || f.from > f.to {
		return usagef("--entries %q: want indexes of the log, 700-800 say", f.entries)
	}
	return nil
}

func (f *dumpFlags) run(cmd *cobra.Command, path string) error {
	bar := newProgress(cmd.ErrOrStderr(), "reading")
	defer bar.clear()
	d := &dumper{dumpFlags: *f, fs: vfs.Default, bar: bar,
		dumpOut: dumpOut{w: beside{cmd.OutOrStdout(), bar}, json: f.output == "json",
			damagesMax: f.limit}}
	what, err := findDump(path)
	if err == nil {
		err = d.only(what)
	}
	if err == nil {
		err = what.dump(d)
	}
	if ended := d.end(path); err == nil {
		err = ended
	}
	return err
}

// only refuses flags that say nothing about a thing.
func (d *dumper) only(what *dumpable) error {
	for _, f := range []struct {
		name string
		set  bool
	}{{"slot", d.slot >= 0}, {"shard", d.shard >= 0}, {"entries", d.entries != ""},
		{"table", d.tableName != ""}} {
		if f.set && !slices.Contains(what.flags, f.name) {
			return usagef("--%s says nothing about %s, which %s is: leave it out",
				f.name, what.name, what.path)
		}
	}
	return nil
}

// bad takes an error of reading: what is not as it was written is said, and the rest goes
// on; that something cannot be read at all ends the command.
func (d *dumper) bad(err error) error {
	if io := (*fs.PathError)(nil); errors.As(err, &io) {
		return err
	}
	d.damaged(err)
	return nil
}

// list counts the rows of a list, of which it lets no more through than are wanted.
type list struct {
	d           *dumper
	of          string
	shown, left int
}

func (d *dumper) list(of string) *list { return &list{d: d, of: of} }

// next says whether one more row is wanted.
func (l *list) next() bool {
	if l.d.limit > 0 && l.shown == l.d.limit {
		l.left++
		return false
	}
	l.shown++
	return true
}

// end says what was left out.
func (l *list) end() {
	l.d.more(l.of, l.left, fmt.Sprintf("--limit %d, or --limit 0 for all", l.shown+l.left))
}

// beside writes to stdout where a bar may be on the same terminal.
type beside struct {
	io.Writer
	bar *progress
}

func (b beside) Write(p []byte) (int, error) {
	b.bar.clear()
	return b.Writer.Write(p)
}

// dumpable is something that can be looked into.
type dumpable struct {
	name  string // "a snapshot"
	path  string
	flags []string // those that make sense for it, beside those that always do
	dump  func(*dumper) error
}

// headBytes is how much of a file tells what it is.
const headBytes = 8

// headOf returns the first bytes of a file, fewer if it is shorter.
func headOf(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, headBytes))
	return b, err
}
