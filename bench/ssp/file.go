package ssp

import (
	"encoding/binary"
	"iter"
	"strconv"
)

// File is the rating history that a spelling file holds.
type File struct {
	Players []Player
	Refused []Refusal
	Ratings int  // accepted
	Gaps    int  // "?": the player was not in that list
	Last    List // as the file states it
	Stated  int  // how many players the file says it has; 0: it does not say

	lists  []List // that have a rating, in order of time
	byList map[List]*column
}

// Player is one player of the file.
type Player struct {
	Name string // "Carlsen, Magnus"
	FIDE string // the id at FIDE as the file has it, "" when there is none
	Line int    // where the player's name stands
	// Key is unique and says how it was made: "fide:1503014"; "name:…" where the
	// file has no id or gives one id to several; and "name:…, line 88679" where
	// several of those have one name.
	Key string
}

// Refusal is a piece of the file that cannot be read.
type Refusal struct {
	Line    int
	Text    string // the value, group or line
	Why     string
	Ratings int // four-digit numbers in Text: what Tokens counts there
}

// column is one list: for each player in it, in order of the file, the distance
// from the player before as a varint and the rating in two bytes.
type column struct {
	list List
	n    int
	next int // the player behind the last one
	b    []byte
}

// add appends a player's rating; players come in order.
func (c *column) add(player, rating int) {
	c.b = binary.AppendUvarint(c.b, uint64(player-c.next))
	c.b = binary.LittleEndian.AppendUint16(c.b, uint16(rating))
	c.next = player + 1
	c.n++
}

// Lists returns every list that has a rating, in order of time.
func (f *File) Lists() []List { return f.lists }

// Len returns how many players a list has.
func (f *File) Len(l List) int {
	if c := f.byList[l]; c != nil {
		return c.n
	}
	return 0
}

// In yields the players of a list, as indices of Players in order, with their
// ratings.
func (f *File) In(l List) iter.Seq2[int, int] {
	return func(yield func(player, rating int) bool) {
		c := f.byList[l]
		if c == nil {
			return
		}
		player := 0
		for b := c.b; len(b) > 0; {
			step, n := binary.Uvarint(b)
			player += int(step)
			if !yield(player, int(binary.LittleEndian.Uint16(b[n:]))) {
				return
			}
			player++
			b = b[n+2:]
		}
	}
}

// identify gives every player a key.
func (f *File) identify() {
	ids, names := map[string]int{}, map[string]int{}
	for i := range f.Players {
		ids[f.Players[i].FIDE]++
	}
	for i := range f.Players {
		if p := &f.Players[i]; p.FIDE == "" || ids[p.FIDE] > 1 {
			names[p.Name]++
		}
	}
	for i := range f.Players {
		p := &f.Players[i]
		switch {
		case p.FIDE != "" && ids[p.FIDE] == 1:
			p.Key = "fide:" + p.FIDE
		case names[p.Name] == 1:
			p.Key = "name:" + p.Name
		default:
			p.Key = "name:" + p.Name + ", line " + strconv.Itoa(p.Line)
		}
	}
}
