package wal

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/hashicorp/raft"
)

// Found is an entry of a log that is looked at, or a run of them of which nothing is known.
type Found struct {
	Index, To uint64   // the same, but for a run
	Entry     raft.Log // where nothing is wrong; it shares no memory with anything
	Bytes     int      // as stored
	Wrong     string   // what is wrong with it, or with all of the run; "": nothing
}

func (f *Found) name(group uint32) string {
	if f.Index == f.To {
		return entryName(group, f.Index)
	}
	return fmt.Sprintf("entries %d to %d of group %d", f.Index, f.To, group)
}

// Entries calls each with the entries of a group between two indexes, both included, in
// their order, until it returns false. What is damaged is among them; that it cannot be read
// ends nothing, as far as the facts file knows of entries behind it.
func (x *Inspection) Entries(group uint32, from, to uint64, each func(Found) bool) {
	for i := range x.Groups {
		if e := &x.Groups[i]; e.Group == group && e.Last > 0 && x.pebble != nil {
			x.entries(e, max(from, e.First), min(to, e.Last), each)
		}
	}
}

// entries is Entries; from 0 it begins with the first that is there.
func (x *Inspection) entries(e *Extent, from, to uint64, each func(Found) bool) {
	w := walk{x: x, e: e, next: from, to: to, each: each}
	if err := w.quick(); err != nil && !w.over {
		w.slow()
	}
	w.flush()
}

// walk goes through the entries of a group.
type walk struct {
	x    *Inspection
	e    *Extent
	next uint64 // the index that is expected; 0: any
	to   uint64
	each func(Found) bool
	bad  Found // a run that may go on
	over bool  // no more are wanted
}

// quick reads them in one go, as far as Pebble can.
func (w *walk) quick() error {
	it, err := w.x.pebble.NewIter(&pebble.IterOptions{
		LowerBound: appendEntryKey(nil, w.e.Group, w.next),
		UpperBound: appendEntryEnd(nil, w.e.Group, w.to)})
	if err != nil {
		return err
	}
	for ok := it.First(); ok && !w.over && err == nil; ok = it.Next() {
		var value []byte
		if value, err = it.ValueAndErr(); err == nil {
			w.take(it.Key(), value)
		}
	}
	return errors.Join(err, it.Error(), it.Close())
}

// slowFailuresMax bounds how many entries are looked for one by one in vain, which takes some
// 10 s: Pebble says at length of each what is wrong.
const slowFailuresMax = 64 << 10

// slow reads one entry at a time, so that what Pebble cannot read hides nothing else. Behind
// what the facts file knows of it ends with the first that is not there.
func (w *walk) slow() {
	failures := 0
	for i := max(w.next, w.e.begin); i <= w.to && !w.over; i++ {
		key := appendEntryKey(nil, w.e.Group, i)
		value, closer, err := w.x.pebble.Get(key)
		if err == nil {
			w.take(key, value)
			_ = closer.Close()
			continue
		}
		reason := "it is missing"
		if !errors.Is(err, pebble.ErrNotFound) {
			reason = "it cannot be read: " + err.Error()
		} else if i > w.e.KnownLast {
			return
		}
		if failures++; failures == slowFailuresMax && i < w.e.KnownLast {
			w.wrong(i, w.e.KnownLast, "it was not looked for, since too many are damaged")
			return
		}
		if w.wrong(i, i, reason); i > w.e.KnownLast {
			return
		}
	}
}

// take takes one entry as it is stored.
func (w *walk) take(key, value []byte) {
	_, index, ok := parseEntryKey(key)
	if !ok || index == 0 {
		w.x.Damage.Note(unknownKey(key))
		return
	}
	if w.next != 0 && index > w.next {
		w.wrong(w.next, index-1, fmt.Sprintf("it is missing, though %d is there", index))
	}
	w.next = index + 1
	f := Found{Index: index, To: index, Bytes: len(value)}
	if reason := decodeEntry(key, value, &f.Entry); reason != "" {
		w.wrong(index, index, reason)
		return
	}
	w.flush()
	w.over = w.over || !w.each(f)
}

// wrong takes entries of which nothing is known; what follows each other is one run.
func (w *walk) wrong(from, to uint64, reason string) {
	if w.bad.Wrong == reason && w.bad.To+1 == from {
		w.bad.To = to
	} else {
		w.flush()
		w.bad = Found{Index: from, To: to, Wrong: reason}
	}
	w.next = to + 1
}

// flush hands the run out that is at hand.
func (w *walk) flush() {
	if w.bad.Wrong != "" && !w.over {
		bad := w.bad
		w.bad = Found{}
		w.over = !w.each(bad)
	}
}

// list returns all values of a set, by name.
func (s *stable) list() (values []Value) {
	for _, k := range s.facts() {
		v := s.values[k.key]
		values = append(values, Value{k.key, v.seq, v.data})
	}
	return values
}
