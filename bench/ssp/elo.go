package ssp

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
)

// elo reads the groups of a line into the player's.
func (p *parser) elo(rest []byte) {
	for len(rest) > 0 {
		var part []byte
		part, rest, _ = bytes.Cut(rest, []byte(" "))
		if part = bytes.Trim(part, "\t"); len(part) > 0 {
			p.group(part)
		}
	}
}

func (p *parser) group(part []byte) {
	head, tail, found := bytes.Cut(part, []byte(":"))
	year := number(head)
	if !found || year == 0 {
		p.refuse(p.line, utf8(part), "is not a year, a colon and ratings")
		return
	}
	// The list that the file calls its last is known: it stands above the players.
	room := len(lists(year, p.file.Last))
	if room == 0 {
		p.refuse(p.line, utf8(part),
			fmt.Sprintf("FIDE published no list in %d up to %v", year, p.file.Last))
		return
	}
	if n := bytes.Count(tail, []byte(",")) + 1; n > room {
		p.refuse(p.line, utf8(part),
			fmt.Sprintf("has %d values, and %d had %d lists", n, year, room))
		return
	}
	g := group{year: year, line: p.line, from: len(p.values)}
	for more := true; more; {
		var value []byte
		value, tail, more = bytes.Cut(tail, []byte(","))
		p.values = append(p.values, p.rating(value))
	}
	g.to = len(p.values)
	for i := range p.groups {
		g.again = g.again || p.groups[i].year == year
	}
	p.groups = append(p.groups, g)
}

// rating returns a rating, or 0 for a gap and for what cannot be read.
func (p *parser) rating(value []byte) int {
	n := number(value)
	switch {
	case n >= 1000:
		return n
	case len(value) == 1 && value[0] == '?':
		p.file.Gaps++
	default:
		p.refuse(p.line, utf8(value), "is not a rating: four digits, from 1000 up")
	}
	return 0
}

// number returns the value of four digits, or 0.
func number(b []byte) int {
	if len(b) != 4 {
		return 0
	}
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// flush stores the ratings of the player whose lines have ended.
func (p *parser) flush() {
	for _, g := range p.groups {
		if g.again {
			p.settle(g.year)
		}
	}
	player := len(p.file.Players) - 1
	for _, g := range p.groups {
		for i, rating := range p.values[g.from:g.to] {
			if rating != 0 {
				p.column(List{g.year, months(g.year)[i]}).add(player, rating)
				p.file.Ratings++
			}
		}
	}
	p.groups, p.values = p.groups[:0], p.values[:0]
}

// settle leaves at most one of the player's groups of a year: the first if all
// are equal, else none.
func (p *parser) settle(year int) {
	var of []*group
	equal := true
	for i := range p.groups {
		if g := &p.groups[i]; g.year == year {
			of = append(of, g)
			equal = equal && slices.Equal(p.values[g.from:g.to], p.values[of[0].from:of[0].to])
		}
	}
	for i, g := range of {
		switch {
		case g.from == g.to: // settled before
		case equal && i > 0:
			p.drop(g, fmt.Sprintf("repeats %d of line %d", year, of[0].line))
		case !equal:
			p.drop(g, fmt.Sprintf("is one of %d different groups for %d, the first in line %d",
				len(of), year, of[0].line))
		}
	}
}

// drop refuses a group that was read; its text is made anew from its values.
func (p *parser) drop(g *group, why string) {
	text := strconv.Itoa(g.year) + ":"
	for i, v := range p.values[g.from:g.to] {
		if i > 0 {
			text += ","
		}
		if v == 0 {
			text += "?"
		} else {
			text += strconv.Itoa(v)
		}
	}
	p.refuse(g.line, text, why)
	g.to = g.from
}

// column returns the column of a list, which is made on first use.
func (p *parser) column(l List) *column {
	i := (l.Year-YearFirst)*12 + int(l.Month) - 1
	for i >= len(p.columns) {
		p.columns = append(p.columns, nil)
	}
	if p.columns[i] == nil {
		p.columns[i] = &column{list: l}
	}
	return p.columns[i]
}
