package wal

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/thronggrid/throng/durable/disk"
)

// reading is what read has found so far.
type reading struct {
	*Inspection
	settings *stable
	stables  map[uint32]*stable
	firsts   map[uint32]uint64 // where each group's log begins by its own word
}

// read reads all that there is, as Open does.
func (x *Inspection) read() {
	r := &reading{Inspection: x, settings: newStable([]byte{settingPrefix}, "the node's settings"),
		stables: map[uint32]*stable{}, firsts: map[uint32]uint64{}}
	from := byte(0)
	for _, prefix := range []byte{firstPrefix, entryPrefix, settingPrefix, stablePrefix} {
		r.scan(from, prefix, unknownValue) // what lies between those that are known
		from = prefix + 1
	}
	r.scan(from, 0xff, unknownValue)
	r.scan(settingPrefix, settingPrefix+1, func(key, value []byte) error {
		return distrusted(r.settings, key, r.settings.load(key, value))
	})
	r.scan(firstPrefix, firstPrefix+1, r.loadFirst)
	r.scan(stablePrefix, stablePrefix+1, r.loadStable)
	x.Settings = r.settings.list()
	if err := r.settings.check(x.facts.settings, x.facts.clean); err != nil {
		x.Damage.Note(err)
	}
	r.groups()
}

// scan calls load with all keys from one first byte to below another, and notes what is
// wrong with them.
func (r *reading) scan(from, to byte, load func(key, value []byte) error) {
	if from >= to {
		return
	}
	it, err := r.pebble.NewIter(&pebble.IterOptions{
		LowerBound: []byte{from}, UpperBound: []byte{to}})
	if err != nil {
		r.Damage.Note(err)
		return
	}
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err == nil {
			err = load(it.Key(), value)
		}
		if err != nil {
			r.Damage.Note(err)
		}
	}
	if err := errors.Join(it.Error(), it.Close()); err != nil {
		r.Damage.Note(r.pebble.Damage(err))
	}
}

func unknownValue(key, _ []byte) error { return unknownKey(key) }

func (r *reading) loadFirst(key, value []byte) error {
	if len(key) != 5 {
		return unknownKey(key)
	}
	first, ok := decodeFirst(key, value)
	if !ok {
		return disk.Corrupt(fmt.Sprintf("the first index of group %d", groupOf(key)),
			"its checksum does not match")
	}
	r.firsts[groupOf(key)] = first
	return nil
}

func (r *reading) loadStable(key, value []byte) error {
	if len(key) < 5 {
		return unknownKey(key)
	}
	s := r.stable(groupOf(key))
	return distrusted(s, key, s.load(key, value))
}

func (r *reading) stable(group uint32) *stable {
	s := r.stables[group]
	if s == nil {
		s = newVotes(group)
		r.stables[group] = s
	}
	return s
}

// groups reads the entries of all groups that something speaks of.
func (r *reading) groups() {
	known := map[uint32]groupFacts{}
	for _, g := range r.facts.groups {
		known[g.group] = g
	}
	all := map[uint32]bool{}
	for _, groups := range [][]uint32{slices.Collect(maps.Keys(known)), r.withEntries(),
		slices.Collect(maps.Keys(r.firsts)), slices.Collect(maps.Keys(r.stables))} {
		for _, g := range groups {
			all[g] = true
		}
	}
	for _, g := range slices.Sorted(maps.Keys(all)) {
		facts, ok := known[g]
		facts.group = g
		r.group(&facts, ok)
	}
	if r.facts.clean && len(all) != len(known) {
		r.Damage.Note(disk.Corrupt("the log", fmt.Sprintf(
			"%d groups found, %d were there when it was closed", len(all), len(known))))
	}
}

// withEntries returns the groups that have entries.
func (r *reading) withEntries() (groups []uint32) {
	it, err := r.pebble.NewIter(&pebble.IterOptions{
		LowerBound: []byte{entryPrefix}, UpperBound: []byte{entryPrefix + 1}})
	if err != nil {
		r.Damage.Note(err)
		return nil
	}
	for ok := it.First(); ok; {
		if len(it.Key()) < 5 {
			ok = it.Next() // Entries says that it is none
			continue
		}
		g := groupOf(it.Key())
		groups = append(groups, g)
		ok = it.SeekGE(appendEntryEnd(nil, g, ^uint64(0)))
	}
	if err := errors.Join(it.Error(), it.Close()); err != nil {
		r.Damage.Note(r.pebble.Damage(err))
	}
	return groups
}

// group reads the entries of one group, and compares it with what the facts file says if
// that knows of it.
func (r *reading) group(facts *groupFacts, known bool) {
	e := Extent{Group: facts.group, KnownFirst: facts.first, KnownLast: facts.last}
	r.begins(&e)
	r.entries(&e, 0, ^uint64(0), func(f Found) bool {
		if f.Wrong != "" {
			r.Damage.Note(disk.Corrupt(f.name(e.Group), f.Wrong))
		}
		if e.First == 0 {
			e.First = f.Index
		}
		e.Last = f.To
		if f.Wrong == "" {
			e.Entries++
			e.Bytes += int64(f.Bytes)
			e.Term = f.Entry.Term
		}
		return true
	})
	if begin, ok := r.firsts[e.Group]; e.Last != 0 && (!ok || begin != e.First) {
		r.Damage.Note(disk.Corrupt(fmt.Sprintf("the log of group %d", e.Group),
			fmt.Sprintf("it begins at entry %d instead of %d", e.First, begin)))
	}
	if known {
		r.check(facts, &e)
	}
	e.Values = r.stable(e.Group).list()
	r.Groups = append(r.Groups, e)
}

// begins notes where the entries of a group may begin, for when they cannot be gone through.
func (r *reading) begins(e *Extent) {
	if e.begin = r.firsts[e.Group]; e.begin == 0 {
		e.begin = max(1, e.KnownFirst)
	}
}

func (r *reading) check(facts *groupFacts, e *Extent) {
	err := facts.check(e.First, e.Last, r.facts.clean)
	if err == nil {
		err = r.stable(e.Group).check(facts.stable, r.facts.clean)
	}
	if err != nil {
		r.Damage.Note(err)
	}
}
