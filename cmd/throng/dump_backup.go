package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/thronggrid/throng/durable/backup"
	"github.com/thronggrid/throng/grid/record"
	"github.com/thronggrid/throng/grid/slot"
	"github.com/thronggrid/throng/shard/cluster"
	"github.com/thronggrid/throng/shard/host"
)

// backup looks into a backup, part by part.
func (d *dumper) backup(path string, info fs.FileInfo) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	d.bar.begin("reading", info.Size())
	r, err := backup.NewReader(d.bar.reader(f), path)
	if err != nil {
		return d.bad(err)
	}
	d.about("backup", []field{{"file", path}, {"bytes", info.Size()}, {"made", timeOf(r.Made())}})
	var b dumpedBackup
	for err == nil {
		if err = r.Next(); err == nil {
			d.bar.part(r.Part().Name())
			err = b.part(d, r)
		}
	}
	d.missing()
	for _, p := range b.parts {
		d.row("part", p)
	}
	d.kinds(&b.sizes)
	if !errors.Is(err, io.EOF) {
		return d.bad(err)
	}
	d.about("end", []field{{"parts", len(r.Parts())}, {"verified", d.damage == 0}})
	return nil
}

// dumpedBackup is what was found in a backup, to be printed behind what is long.
type dumpedBackup struct {
	parts [][]field
	sizes slot.Sizes // of all shards
}

// part looks into one part, up to its end.
func (b *dumpedBackup) part(d *dumper, r *backup.Reader) (err error) {
	var holds any
	var digest, rows uint64
	at := r.Part()
	switch at.Kind {
	case backup.KindNode:
		err = d.backedUpNode(r)
	case backup.KindShard:
		list := d.shard < 0 && d.slot >= 0 || uint64(d.shard) == at.Shard && d.shard >= 0
		content, sizes, failed := d.state(r, at.Shard, list)
		digest, err = content.Digest, failed
		holds = holdingsOf(sizes)
		b.sizes.Add(sizes)
	case backup.KindRecords:
		rows, digest, err = d.backedUpRows(r)
	case backup.KindKeys:
		err = d.backedUpKeys(r)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	if err != nil {
		return err
	}
	p := r.Part()
	if p.Digest != digest || p.Rows != rows {
		d.damaged(fmt.Errorf("%s of the backup has the digest %s and %d rows, by its end it has "+
			"%s and %d", p.Name(), hexOf(digest), rows, hexOf(p.Digest), p.Rows))
	}
	line := []field{{"part", p.Name()}, {"term", nil}, {"index", nil}, {"bytes", p.Bytes},
		{"digest", nil}, {"holds", holds}}
	if p.Kind == backup.KindShard {
		line[1].value, line[2].value = p.Term, p.Index
	}
	if p.Kind == backup.KindShard || p.Kind == backup.KindRecords {
		line[4].value = hexOf(p.Digest)
	}
	b.parts = append(b.parts, line)
	return nil
}

func (d *dumper) backedUpNode(r *backup.Reader) error {
	n, err := r.Node()
	if err != nil {
		return err
	}
	d.about("node", []field{{"number", n.Number}, {"version", n.Version}})
	for _, s := range n.Settings {
		d.setting(s.Key, s.Value)
	}
	return nil
}

// setting says what a setting of the node is.
func (d *dumper) setting(key string, value []byte) {
	means, err := host.DescribeSetting(key, value)
	if means == "" && err == nil {
		means, err = cluster.DescribeSetting(key, value)
	}
	if err != nil {
		d.damaged(fmt.Errorf("the setting %q: %w", key, err))
	}
	d.row("setting", []field{{"setting", key}, {"bytes", len(value)}, {"means", means}})
}

// backedUpRows counts the rows of each table.
func (d *dumper) backedUpRows(r *backup.Reader) (rows, digest uint64, err error) {
	var at *record.Table
	var count, bytes int
	print := func() {
		if at != nil {
			d.row("table", []field{{"table", at.Name}, {"rows", count}, {"bytes", bytes},
				{"key", columnsOf(at.Key)}, {"columns", columnsOf(at.Columns)}})
		}
	}
	rows, digest, err = r.ReadRows(func(t *record.Table) error {
		print()
		at, count, bytes = t, 0, 0
		return nil
	}, func(_ *record.Table, r *record.Row) error {
		count++
		bytes += r.Bytes()
		return nil
	})
	print()
	return rows, digest, err
}

// backedUpKeys says which files with keys there are, and nothing of what is in them.
func (d *dumper) backedUpKeys(r *backup.Reader) error {
	secrets, err := r.Secrets()
	for _, s := range secrets {
		d.row("secret", []field{{"secret", s.Name}, {"bytes", len(s.Text)}})
	}
	return err
}

func columnsOf(columns []record.Column) []string {
	var out []string
	for _, c := range columns {
		out = append(out, fmt.Sprintf("%s %v", c.Name, c.Type))
	}
	return out
}
