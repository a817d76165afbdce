package ssp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"
)

// LineBytesMax is the longest line that is read; the real file's longest has 120.
const LineBytesMax = 64 << 10

// stated finds the comment that says which list is the file's last.
var stated = regexp.MustCompile(`FIDE ratings ([A-Z]{3})-(\d{4})`)

// counted finds the comment that says how many players the file has.
var counted = regexp.MustCompile(`Player information: (\d{1,9}) players`)

// Read reads a whole spelling file. Only an unreadable source or a file of
// another kind is an error; what cannot be read inside it is in File.Refused.
func Read(r io.Reader) (*File, error) {
	p := parser{file: &File{byList: map[List]*column{}}}
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), LineBytesMax)
	section := ""
	for s.Scan() {
		p.line++
		line := bytes.TrimRight(s.Bytes(), "\r")
		switch {
		case len(line) > 0 && line[0] == '@':
			section = string(line[1:min(len(line), 7)])
		case section == "":
			p.head(line)
		case section == "PLAYER":
			p.player(line)
		}
	}
	if err := s.Err(); err != nil {
		return nil, unreadable("read ratings", p.line, err)
	}
	p.flush()
	if p.file.Last == (List{}) {
		return nil, errors.New(`no line says "FIDE ratings" with a month and a year: ` +
			"is this the spelling.ssp of scid-rating-data?")
	}
	for _, c := range p.columns {
		if c != nil {
			p.file.byList[c.list] = c
			p.file.lists = append(p.file.lists, c.list)
		}
	}
	p.file.identify()
	return p.file, nil
}

// unreadable wraps the error that ended a scan behind a line.
func unreadable(doing string, line int, err error) error {
	if errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("%s: line %d has more than %d bytes, so this is no text: "+
			"is it the spelling.ssp of scid-rating-data, unpacked?", doing, line+1, LineBytesMax)
	}
	return fmt.Errorf("%s behind line %d: %w", doing, line, err)
}

// parser holds the player whose lines are being read.
type parser struct {
	file   *File
	line   int
	open   bool    // a player has begun
	groups []group // of the player, in order of the file
	values []int   // of all groups

	columns []*column // by months since January 1971
}

// group is "2002:2127,2163,2214,2250".
type group struct {
	year     int
	line     int
	from, to int  // in parser.values; 0 is a gap
	again    bool // the player has another group of this year before it
}

func (p *parser) refuse(line int, text, why string) {
	p.file.Refused = append(p.file.Refused,
		Refusal{Line: line, Text: text, Why: why, Ratings: tokens(text)})
}

// head reads a line before the first section.
func (p *parser) head(line []byte) {
	if m := counted.FindSubmatch(line); m != nil && p.file.Stated == 0 {
		p.file.Stated, _ = strconv.Atoi(string(m[1])) // at most nine digits
	}
	m := stated.FindSubmatch(line)
	if m == nil || p.file.Last != (List{}) {
		return
	}
	if t, err := time.Parse("Jan-2006", string(m[1])+"-"+string(m[2])); err == nil {
		p.file.Last = List{t.Year(), t.Month()}
	}
}

// player reads a line of the section of players.
func (p *parser) player(line []byte) {
	rest := bytes.TrimLeft(line, " \t")
	switch {
	case len(rest) == 0 || line[0] == '#':
	case len(rest) == len(line) && rest[0] != '%' && rest[0] != '=':
		p.flush()
		name, _, _ := bytes.Cut(line, []byte("#"))
		p.open = true
		p.file.Players = append(p.file.Players, Player{Name: spaced(name), Line: p.line})
	case rest[0] == '=' || bytes.HasPrefix(rest, []byte("#")):
	case !p.open:
		p.refuse(p.line, utf8(line), "belongs to no player")
	case bytes.HasPrefix(rest, []byte("%Elo ")):
		p.elo(rest[len("%Elo "):])
	case bytes.HasPrefix(rest, []byte("%Bio")):
		if id, ok := bytes.CutPrefix(rest, []byte("%Bio FIDEID ")); ok {
			p.id(bytes.TrimSpace(id))
		}
	default:
		p.refuse(p.line, utf8(line), "begins with none of =, %Bio and %Elo")
	}
}

func (p *parser) id(id []byte) {
	player := &p.file.Players[len(p.file.Players)-1]
	if player.FIDE != "" {
		p.refuse(p.line, utf8(id), "the player has an id already: "+player.FIDE)
		return
	}
	player.FIDE = utf8(id)
}

// spaced returns a name as the file has it, but with blanks for tabs, which three
// of the real file have: a name is to fit into a column.
func spaced(name []byte) string {
	return utf8(bytes.TrimSpace(bytes.ReplaceAll(name, []byte("\t"), []byte(" "))))
}

// utf8 returns Latin-1 text as a Go string.
func utf8(b []byte) string {
	ascii := true
	for _, c := range b {
		ascii = ascii && c < 0x80
	}
	if ascii {
		return string(b)
	}
	rs := make([]rune, len(b))
	for i, c := range b {
		rs[i] = rune(c)
	}
	return string(rs)
}
