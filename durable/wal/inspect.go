package wal

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/durable/disk"
)

// What the facts file says of how the node ended.
const (
	FactsClean   = "clean"   // it was stopped, and the log is exactly as the file says
	FactsRunning = "running" // it runs or was killed, and the log has at least what the file says
	FactsMissing = "missing" // there is no such file, or it is damaged
)

// Inspection is a log that is looked at, and not opened: nothing is written or repaired, and
// what is damaged is told and does not end it. It belongs to one goroutine.
type Inspection struct {
	Facts    string       // FactsClean, FactsRunning or FactsMissing
	Settings []Value      // of the node, by name
	Groups   []Extent     // by number
	Damage   disk.Damages // all that Open would refuse, as far as it was found

	facts  facts
	pebble *disk.View // nil: it cannot be read at all
}

// Value is a setting of the node, or a stable value of a group.
type Value struct {
	Name string
	Seq  uint64 // counts the writes to all values beside which it stands
	Data []byte // nil where only the facts file is looked at
}

// Extent is what the log of a group holds.
type Extent struct {
	Group       uint32
	First, Last uint64 // entries; 0: there are none
	Entries     uint64
	Bytes       int64  // of them as stored
	Term        uint64 // of the last entry
	// KnownFirst and KnownLast are the entries that the facts file speaks of: exactly these
	// where it is clean, else at least up to the last.
	KnownFirst, KnownLast uint64
	Values                []Value // the group's votes, by name

	begin uint64 // where its entries may begin
}

// Inspect looks at the log of a data directory, whose node must not run. It reads all of it.
// An error means that there is nothing to be looked at, or that a newer version wrote it.
func Inspect(fs vfs.FS, dir string) (*Inspection, error) {
	x, err := InspectFacts(fs, dir)
	if err != nil {
		return nil, err
	}
	if x.Facts == FactsMissing && !holdsLog(fs, dir) {
		return nil, fmt.Errorf("there is no log in %s", dir)
	}
	if x.Facts == FactsMissing && x.Damage.Count == 0 {
		x.Damage.Note(disk.Corrupt(dir, "it holds a log but no file "+factsName))
	}
	logs := fs.PathJoin(dir, logName)
	if err := x.damaged(verifyFiles(fs, logs)); err != nil {
		return nil, err
	}
	x.pebble, err = disk.OpenView(fs, logs)
	if err != nil {
		return x, x.damaged(err)
	}
	x.Settings, x.Groups = nil, nil
	x.pebble.VerifyTables(x.Damage.Note)
	x.read()
	return x, nil
}

// InspectFacts looks at the facts file alone, which can be done while the node runs. Of the
// log it shows what that file knows.
func InspectFacts(fs vfs.FS, dir string) (*Inspection, error) {
	x := &Inspection{Facts: FactsMissing}
	var found bool
	var err error
	if x.facts, found, err = readFacts(fs, dir); err != nil {
		return x, x.damaged(err)
	}
	switch {
	case found && x.facts.clean:
		x.Facts = FactsClean
	case found:
		x.Facts = FactsRunning
	}
	x.Settings = knownValues(x.facts.settings)
	for _, g := range x.facts.groups {
		x.Groups = append(x.Groups, Extent{Group: g.group, KnownFirst: g.first,
			KnownLast: g.last, Values: knownValues(g.stable)})
	}
	return x, nil
}

// knownValues are values of which the facts file knows.
func knownValues(keys []keyFact) (values []Value) {
	for _, k := range keys {
		values = append(values, Value{Name: k.key, Seq: k.seq})
	}
	return values
}

// damaged takes what is damaged for found, and returns any other error.
func (x *Inspection) damaged(err error) error {
	var corrupt *disk.CorruptionError
	if !errors.As(err, &corrupt) {
		return err
	}
	x.Damage.Note(err)
	return nil
}

// Close releases the files.
func (x *Inspection) Close() error {
	if x.pebble == nil {
		return nil
	}
	return x.pebble.Close()
}
