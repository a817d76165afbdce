package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/thronggrid/throng/durable/backup"
	"github.com/thronggrid/throng/durable/snapshot"
)

// snapshotsDir is the directory of a data directory with the snapshots of all shards.
const snapshotsDir = "snapshots"

// What else a data directory has, beside its secrets.
const (
	lockFile = "LOCK"
	logDir   = "log"
	logFacts = "log.facts"
)

// findDump says what there is under a path. It opens files only to read them.
func findDump(path string) (*dumpable, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return findDir(path)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is neither a file nor a directory: name one of these", path)
	}
	return findFile(path, info)
}

// findFile says what a file is, by its first bytes, or else by its name.
func findFile(path string, info fs.FileInfo) (*dumpable, error) {
	head, err := headOf(path)
	if err != nil {
		return nil, err
	}
	switch {
	case filepath.Base(path) == logFacts:
		return &dumpable{"a facts file", path, nil,
			func(d *dumper) error { return d.facts(filepath.Dir(path)) }}, nil
	case backup.Begins(head), strings.HasSuffix(path, ".throng"):
		return &dumpable{"a backup", path, []string{"slot", "shard"},
			func(d *dumper) error { return d.backup(path, info) }}, nil
	case snapshot.Begins(head), strings.HasSuffix(path, snapshotSuffix):
		return &dumpable{"a snapshot", path, []string{"slot"},
			func(d *dumper) error { return d.snapshot(path, info) }}, nil
	case len(head) == 0:
		return nil, fmt.Errorf("%s is empty: there is nothing in it to look at", path)
	}
	return nil, fmt.Errorf("%s is none of the files that throng can look into: name a data "+
		"directory, a snapshot or a backup", path)
}

// findDir says what a directory is, by what is in it.
func findDir(path string) (*dumpable, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("the directory %s is empty: a node that is started on it makes "+
			"a new data directory of it", path)
	}
	if filepath.Base(path) == logDir && hasPebble(entries) {
		return &dumpable{"a log", path, []string{"shard", "slot", "entries"},
			func(d *dumper) error { return d.log(filepath.Dir(path)) }}, nil
	}
	var files []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), snapshotSuffix) {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	if len(files) > 0 {
		return &dumpable{"the snapshots of a shard", path, []string{"slot"},
			func(d *dumper) error { return d.snapshots(files) }}, nil
	}
	return nil, fmt.Errorf("%s is none of the directories that throng can look into: name a "+
		"data directory, or one with snapshots", path)
}

// hasPebble says whether the database that keeps log and records is in a directory.
func hasPebble(entries []fs.DirEntry) bool {
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return strings.HasPrefix(e.Name(), "marker.manifest.")
	})
}
