package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/thronggrid/throng/durable/backup"
	"github.com/thronggrid/throng/durable/snapshot"
	"github.com/thronggrid/throng/durable/wal"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/shard"
)

// knownFiles are what a data directory may have, and what to say of it.
func knownFiles() map[string]string {
	return map[string]string{
		lockFile:          "held while a node runs on the directory",
		logDir:            "the log of all shards",
		logFacts:          "how far the log has come: its second witness",
		recordsDir:        "the record tables",
		recordsFacts:      "the last transaction: their second witness",
		snapshotsDir:      "the newest snapshot of each shard",
		"ballast":         "room for a disk that is full; it holds nothing",
		serverSecret.base: "a secret, which is not shown: the server key",
		adminSecret.base:  "a secret, which is not shown: the admin token",
		tokenKeysFile:     "a secret, which is not shown: the keys of session tokens",
		backup.Unfinished: "a restore did not come to its end: remove the directory",
	}
}

// directory looks into a whole data directory; while a node runs on it, into what does not
// change.
func (d *dumper) directory(path string) error {
	process, runs, err := running(path)
	if err != nil {
		return err
	}
	state := "stopped"
	if runs {
		state = "runs" + process
	}
	d.about("directory", []field{{"directory", path}, {"node", state}})
	if err := d.files(path); err != nil {
		return err
	}
	if err := backup.CheckFinished(d.fs, path); err != nil {
		d.damaged(err)
		return nil // what there is says nothing
	}
	newest, err := d.newestSnapshots(filepath.Join(path, snapshotsDir))
	if err != nil {
		return err
	}
	if runs {
		d.say("hint", "The node runs: its log and its record tables change, and are not looked "+
			"into. Stop it, or take a backup with 'throng backup' and look into that.")
		return d.facts(path)
	}
	if err := d.log(path, newest); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(path, recordsDir)); errors.Is(err, fs.ErrNotExist) {
		d.say("hint", "There are no record tables: the node has never been ready.")
		return nil
	}
	return d.records(path)
}

// files says what there is in a data directory.
func (d *dumper) files(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	known := knownFiles()
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was temporary
		}
		if err != nil {
			return err
		}
		var bytes any
		if !e.IsDir() {
			bytes = info.Size()
		}
		what := known[e.Name()]
		if what == "" {
			what = "nothing that throng knows"
		}
		d.row("file", []field{{"name", e.Name()}, {"bytes", bytes},
			{"changed", info.ModTime().UTC()}, {"what", what}})
	}
	return nil
}

// file says what a file is that nothing else is to be said of.
func (d *dumper) file(path string, info fs.FileInfo) {
	d.about("file", []field{{"file", path}, {"bytes", info.Size()}, {"mode", info.Mode().String()},
		{"what", knownFiles()[filepath.Base(path)]}})
}

// newestSnapshots reads the snapshots of all shards, and returns the index of the newest of
// each.
func (d *dumper) newestSnapshots(dir string) (newest map[uint32]uint64, err error) {
	newest = map[uint32]uint64{}
	shards, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return newest, nil
	}
	for _, s := range shards {
		var files []os.DirEntry
		if files, err = os.ReadDir(filepath.Join(dir, s.Name())); err != nil {
			break
		}
		for _, f := range files {
			path := filepath.Join(dir, s.Name(), f.Name())
			if !strings.HasSuffix(path, snapshotSuffix) {
				d.say("unfinished", path+" is no finished snapshot: the next start removes it")
				continue
			}
			if err = d.snapshotLine(path, newest); err != nil {
				return newest, err
			}
		}
	}
	return newest, err
}

// snapshotLine says in one line what a snapshot holds.
func (d *dumper) snapshotLine(path string, newest map[uint32]uint64) error {
	f, err := snapshot.OpenFile(d.fs, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.say("replaced", path+" was replaced by a newer one while it was looked at: look again")
		return nil
	case err != nil:
		return d.bad(err)
	}
	defer f.Close()
	d.checkName(path, f)
	d.bar.begin("reading", f.Meta.Size)
	var all slot.Sizes
	content, err := shard.ReadDigest(d.bar.reader(f), func(_ int, s *slot.Slot) {
		z := s.Sizes()
		all.Add(&z)
	})
	var digest any = hexOf(content.Digest)
	if err != nil {
		digest = nil
		if err := d.bad(err); err != nil {
			return err
		}
	}
	newest[f.Group] = max(newest[f.Group], f.Meta.Index)
	d.row("snapshot", []field{{"shard", f.Group}, {"term", f.Meta.Term}, {"index", f.Meta.Index},
		{"bytes", f.Meta.Size}, {"slots", content.Slots}, {"digest", digest},
		{"holds", holdingsOf(&all)}})
	return nil
}

// snapshotsOf looks into the snapshots of all shards.
func (d *dumper) snapshotsOf(dir string) error {
	_, err := d.newestSnapshots(dir)
	return err
}

// checkMeets says so when a log does not go on where the newest snapshot ends, which no start
// would take.
func (d *dumper) checkMeets(g *wal.Extent, newest map[uint32]uint64) {
	if newest != nil && g.First > newest[g.Group]+1 {
		d.damaged(fmt.Errorf("the log of shard %d begins at entry %d and its newest snapshot ends "+
			"at %d: a snapshot is missing", g.Group, g.First, newest[g.Group]))
	}
}
