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
	lockFile     = "LOCK"
	logDir       = "log"
	logFacts     = "log.facts"
	recordsDir   = "records"
	recordsFacts = "records.facts"
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
	name, dir := filepath.Base(path), filepath.Dir(path)
	switch {
	case name == logFacts:
		return &dumpable{"a facts file", path, nil,
			func(d *dumper) error { return d.facts(dir) }}, nil
	case name == recordsFacts:
		return &dumpable{"a facts file", path, nil,
			func(d *dumper) error { return d.recordFacts(dir) }}, nil
	case knownFiles()[name] != "":
		return &dumpable{"a file of a node", path, nil,
			func(d *dumper) error { d.file(path, info); return nil }}, nil
	case backup.Begins(head), strings.HasSuffix(path, ".throng"):
		return &dumpable{"a backup", path, []string{"slot", "shard"},
			func(d *dumper) error { return d.backup(path, info) }}, nil
	case snapshot.Begins(head), strings.HasSuffix(path, snapshotSuffix):
		return &dumpable{"a snapshot", path, []string{"slot"},
			func(d *dumper) error { return d.snapshot(path, info) }}, nil
	case ofPebble(name):
		return nil, fmt.Errorf("%s is a part of a database: name the directory that it is in, %s",
			path, dir)
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
	name, dir := filepath.Base(path), filepath.Dir(path)
	has := func(name string) bool {
		return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == name })
	}
	pebble := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return ofPebble(e.Name()) })
	switch {
	case has(logFacts), has(logDir), has(recordsFacts), has(backup.Unfinished):
		return &dumpable{"a data directory", path, []string{"shard", "slot", "entries", "table"},
			func(d *dumper) error { return d.directory(path) }}, nil
	case name == logDir && pebble:
		return &dumpable{"a log", path, []string{"shard", "slot", "entries"},
			func(d *dumper) error { return d.log(dir, nil) }}, nil
	case name == recordsDir && pebble:
		return &dumpable{"record tables", path, []string{"table"},
			func(d *dumper) error { return d.records(dir) }}, nil
	case name == snapshotsDir:
		return &dumpable{"the snapshots of a node", path, nil,
			func(d *dumper) error { return d.snapshotsOf(path) }}, nil
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

// ofPebble says whether a file is one of the database that keeps log and records.
func ofPebble(name string) bool {
	for _, prefix := range []string{"marker.", "MANIFEST-", "OPTIONS-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return slices.Contains([]string{".sst", ".log", ".blob"}, filepath.Ext(name))
}
