package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"github.com/thronggrid/throng/durable/disk"
	"github.com/thronggrid/throng/durable/wal"
)

// stopped refuses what changes while a node has it open.
func (d *dumper) stopped(dataDir, what string) error {
	process, runs, err := running(dataDir)
	if err != nil || !runs {
		return err
	}
	return fmt.Errorf("a node runs on %s%s, and %s changes while it is read: stop the node, or "+
		"take a backup with 'throng backup' and look into that; the snapshots and the facts files "+
		"can be looked into while it runs", dataDir, process, what)
}

// stayedStopped says so when a node was started while its data was read.
func (d *dumper) stayedStopped(dataDir string) error {
	process, runs, err := running(dataDir)
	if err == nil && runs {
		err = fmt.Errorf("a node was started on %s%s while it was read: what is said above may be "+
			"of different moments; stop the node and look again", dataDir, process)
	}
	return err
}

// running says whether a node has a data directory open, and which process it is.
func running(dataDir string) (process string, runs bool, err error) {
	number, runs, err := disk.Held(filepath.Join(dataDir, lockFile))
	if number > 0 {
		process = fmt.Sprintf(" (process %d)", number)
	}
	return process, runs, err
}

// log looks into the log of a data directory. Newest are the indexes at which its snapshots
// end; nil: they are not known.
func (d *dumper) log(dataDir string, newest map[uint32]uint64) error {
	if err := d.stopped(dataDir, "its log"); err != nil {
		return err
	}
	x, err := wal.Inspect(d.fs, dataDir)
	if err != nil {
		return d.bad(err)
	}
	d.logHead(dataDir, x)
	for i := range x.Groups {
		d.checkMeets(&x.Groups[i], newest)
		if g := &x.Groups[i]; d.wantsEntries() && (d.shard < 0 || uint32(d.shard) == g.Group) {
			d.logEntries(x, g)
		}
	}
	full := slices.IndexFunc(x.Groups, func(g wal.Extent) bool { return g.Entries > 0 })
	if !d.wantsEntries() && full >= 0 {
		g := x.Groups[full]
		d.say("hint", fmt.Sprintf("The entries one by one: --shard %d, or --entries %d-%d",
			g.Group, g.First, g.Last))
	}
	return errors.Join(x.Close(), d.stayedStopped(dataDir))
}

func (d *dumper) wantsEntries() bool { return d.shard >= 0 || d.entries != "" || d.slot >= 0 }

// facts looks into the facts file of a log alone.
func (d *dumper) facts(dataDir string) error {
	x, err := wal.InspectFacts(d.fs, dataDir)
	if err != nil {
		return d.bad(err)
	}
	d.about("facts", []field{{"directory", dataDir}, {"facts", endOf(x.Facts)},
		{"shards", len(x.Groups)}})
	d.allDamaged(&x.Damage)
	for _, s := range x.Settings {
		d.row("setting", []field{{"setting", s.Name}, {"write", s.Seq}})
	}
	for _, g := range x.Groups {
		d.row("shard", []field{{"shard", g.Group}, {"acknowledged_first", g.KnownFirst},
			{"acknowledged_last", g.KnownLast}})
	}
	return nil
}

// endOf says how the node ended, by the facts file of its log.
func endOf(facts string) string {
	switch facts {
	case wal.FactsClean:
		return "clean: the node was stopped"
	case wal.FactsRunning:
		return "running: the node runs, or was killed"
	}
	return facts
}

// logHead says what the log holds of each shard.
func (d *dumper) logHead(dataDir string, x *wal.Inspection) {
	d.about("log", []field{{"directory", dataDir}, {"facts", endOf(x.Facts)},
		{"shards", len(x.Groups)}})
	d.allDamaged(&x.Damage)
	for _, s := range x.Settings {
		d.setting(s.Name, s.Data)
	}
	for _, g := range x.Groups {
		line := []field{{"shard", g.Group}, {"first", g.First}, {"last", g.Last},
			{"entries", g.Entries}, {"bytes", g.Bytes}, {"last_term", g.Term},
			{"acknowledged_last", g.KnownLast}}
		d.row("shard", append(line, votesOf(g.Values)...))
	}
}

// votesOf says what Raft keeps beside the entries of a group.
func votesOf(values []wal.Value) []field {
	line := []field{{"term", nil}, {"voted_in", nil}, {"voted_for", nil}}
	for _, v := range values {
		switch {
		case v.Name == "CurrentTerm" && len(v.Data) == 8:
			line[0].value = binary.BigEndian.Uint64(v.Data)
		case v.Name == "LastVoteTerm" && len(v.Data) == 8:
			line[1].value = binary.BigEndian.Uint64(v.Data)
		case v.Name == "LastVoteCand":
			line[2].value = string(v.Data)
		}
	}
	return line
}

// logEntries prints entries of a shard: those that are asked for, or else the newest.
func (d *dumper) logEntries(x *wal.Inspection, g *wal.Extent) {
	from, to := uint64(0), uint64(math.MaxUint64)
	switch {
	case d.entries != "":
		from, to = d.from, d.to
	case d.slot < 0 && d.limit > 0 && g.Last-g.First >= uint64(d.limit):
		from = g.Last - uint64(d.limit) + 1
		d.say("more", fmt.Sprintf("shard %d has %d entries before these: --entries %d-%d",
			g.Group, from-g.First, g.First, from-1))
	}
	list := entryList{d: d, group: g.Group, entries: d.list("entry"), commands: d.list("command")}
	x.Entries(g.Group, from, to, list.entry)
	list.entries.end()
	if d.entries != "" || d.slot >= 0 {
		x.Entries(g.Group, from, to, list.command)
		list.commands.end()
	}
}
