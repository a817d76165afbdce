package leaderboard

import (
	"strings"

	"github.com/tidwall/btree"

	"github.com/thronggrid/throng/grid"
)

// note is the metadata of an owner's record. Notes lie beside the records, so
// that a record without one costs nothing.
type note struct {
	owner grid.ID
	text  string
}

func (n note) before(o note) bool { return string(n.owner[:]) < string(o.owner[:]) }

// note returns an owner's metadata, "" if there is none.
func (p *period) note(owner *grid.ID) string {
	if p.notes == nil {
		return ""
	}
	n, _ := p.notes.Get(note{owner: *owner})
	return n.text
}

// setNote sets an owner's metadata, in a period of an owned board. It returns how many
// bytes more it has now.
func (p *period) setNote(owner *grid.ID, text string) int {
	if p.notes == nil {
		p.notes = btree.NewBTreeGOptions(note.before, btree.Options{NoLocks: true})
	}
	grown := len(text)
	if old, there := p.notes.Set(note{*owner, strings.Clone(text)}); there {
		grown -= len(old.text)
	} else {
		grown += noteBytes
	}
	p.noted += grown
	return grown
}

// dropNote drops an owner's metadata, in a period of an owned board. It returns how many
// bytes it had.
func (p *period) dropNote(owner *grid.ID) int {
	if p.notes == nil {
		return 0
	}
	old, there := p.notes.Delete(note{owner: *owner})
	if !there {
		return 0
	}
	p.noted -= noteBytes + len(old.text)
	return noteBytes + len(old.text)
}
