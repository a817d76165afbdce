package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/raft"

	"github.com/thronggrid/throng/durable/snapshot"
)

// snapshotSuffix is what the names of snapshots end in.
const snapshotSuffix = ".snap"

// snapshots looks into all snapshots of a shard.
func (d *dumper) snapshots(files []string) error {
	for _, file := range files {
		info, err := os.Stat(file)
		if err == nil {
			err = d.snapshot(file, info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// snapshot looks into the snapshot of a shard.
func (d *dumper) snapshot(path string, info fs.FileInfo) error {
	f, err := snapshot.OpenFile(d.fs, path)
	if err != nil {
		return d.bad(err)
	}
	defer f.Close()
	d.about("snapshot", []field{{"file", path}, {"bytes", info.Size()}, {"shard", f.Group},
		{"term", f.Meta.Term}, {"index", f.Meta.Index}, {"voters", votersOf(f.Meta.Configuration)},
		{"configuration_index", f.Meta.ConfigurationIndex}, {"payload_bytes", f.Meta.Size},
		{"blocks", f.Blocks}})
	d.checkName(path, f)
	d.bar.begin("reading", f.Meta.Size)
	content, all, err := d.state(d.bar.reader(f), uint64(f.Group), true)
	if d.missing(); d.slot < 0 {
		d.kinds(all)
	}
	if err != nil {
		return d.bad(err)
	}
	if content.Applied > f.Meta.Index {
		d.damaged(fmt.Errorf("the snapshot %s has applied entry %d, which is behind its end, %d",
			path, content.Applied, f.Meta.Index))
	}
	d.about("state", []field{{"level", content.Level}, {"applied", content.Applied},
		{"floors", floorsOf(content.Floors)}, {"slots", content.Slots},
		{"stamp", timeOf(content.Stamp)}, {"state_bytes", content.Bytes},
		{"digest", hexOf(content.Digest)}, {"verified", true}})
	return nil
}

// checkName says so when a file is named as another snapshot is, and would be refused.
func (d *dumper) checkName(path string, f *snapshot.File) {
	name, dir := filepath.Base(path), filepath.Dir(path)
	if is := f.Meta.ID + snapshotSuffix; name != is && strings.HasSuffix(name, snapshotSuffix) {
		d.damaged(fmt.Errorf("the snapshot %s is not what its name says: by its head it is %s",
			path, is))
	}
	above := filepath.Base(filepath.Dir(dir))
	if above == snapshotsDir && filepath.Base(dir) != fmt.Sprint(f.Group) {
		d.damaged(fmt.Errorf("the snapshot %s lies with those of another shard: by its head it is "+
			"of shard %d", path, f.Group))
	}
}

func votersOf(c raft.Configuration) []string {
	var out []string
	for _, s := range c.Servers {
		name := string(s.ID)
		if s.Suffrage != raft.Voter {
			name += " (" + s.Suffrage.String() + ")"
		}
		out = append(out, name)
	}
	return out
}
