package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/thronggrid/throng/durable/disk"
)

// field is something that is said of a thing: in JSON under its name, in a table below it.
// A value of nil is left out, and is an empty cell.
type field struct {
	name  string
	value any
}

// dumpOut prints what was found: for programs one JSON object a line, whose "type" says
// what it is of; for people tables, in which the rows of one type that follow each other
// are together. The first error of writing sticks.
type dumpOut struct {
	w          io.Writer
	json       bool
	damagesMax int               // so many of these are named; 0: all
	table      *tabwriter.Writer // of the rows at hand; nil: none
	of         string            // what they are of
	rows       int               // of them
	said       bool              // something was printed before
	damage     uint64            // so many things are not as they were written
	err        error
}

// rowsPerTable is how many rows are aligned with each other, which are held until then.
const rowsPerTable = 1000

// about says one thing that others follow: for people, a field a line.
func (o *dumpOut) about(of string, fields []field) {
	if o.json {
		o.object(of, fields)
		return
	}
	o.flush()
	o.space()
	t := tabwriter.NewWriter(o.w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%s\n", of)
	for _, f := range fields {
		if f.value != nil {
			fmt.Fprintf(t, "  %s\t%s\n", f.name, cell(f.value))
		}
	}
	o.note(t.Flush())
}

// row says one of several things of a type, whose fields have the same names.
func (o *dumpOut) row(of string, fields []field) {
	if o.json {
		o.object(of, fields)
		return
	}
	if o.table == nil || o.of != of || o.rows == rowsPerTable {
		o.flush()
		o.space()
		o.of, o.rows = of, 0
		o.table = tabwriter.NewWriter(o.w, 0, 0, 2, ' ', 0)
		o.cells(fields, func(f field) string { return f.name })
	}
	o.rows++
	o.cells(fields, func(f field) string { return cell(f.value) })
}

func (o *dumpOut) cells(fields []field, text func(field) string) {
	var line strings.Builder
	for i, f := range fields {
		if i > 0 {
			line.WriteByte('\t')
		}
		line.WriteString(text(f))
	}
	_, err := fmt.Fprintln(o.table, line.String())
	o.note(err)
}

// note prints a sentence for people, or as an object with a text.
func (o *dumpOut) say(of, sentence string) {
	if o.json {
		o.object(of, []field{{"text", sentence}})
		return
	}
	o.flush()
	_, err := fmt.Fprintf(o.w, "%s\n", plain(sentence))
	o.note(err)
	o.said = true
}

// damaged says what is not as it was written. The command will fail.
func (o *dumpOut) damaged(err error) {
	o.damage++
	if o.damagesMax > 0 && o.damage > uint64(o.damagesMax) {
		return // end says how many there are
	}
	if o.json {
		o.object("damage", []field{{"text", err.Error()}})
		return
	}
	o.say("damage", "DAMAGED: "+err.Error())
}

// allDamaged says what was found to be damaged.
func (o *dumpOut) allDamaged(d *disk.Damages) {
	for _, err := range d.Named {
		o.damaged(err)
	}
	o.damage += d.Count - uint64(len(d.Named))
}

// more says that rows were left out, and how to see them.
func (o *dumpOut) more(of string, left int, how string) {
	if left <= 0 {
		return
	}
	if o.json {
		o.object("more", []field{{"of", of}, {"left", left}, {"see", how}})
		return
	}
	o.say("more", fmt.Sprintf("… and %d more of these: see them with %s", left, how))
}

// end prints what is still held, and says whether all was well.
func (o *dumpOut) end(path string) error {
	o.flush()
	switch {
	case o.err != nil:
		return fmt.Errorf("print: %w", o.err)
	case o.damage == 1:
		return fmt.Errorf("%s is damaged: what is wrong with it is said above", path)
	case o.damagesMax > 0 && o.damage > uint64(o.damagesMax):
		return fmt.Errorf("%s is damaged in %d places, of which %d are named above: --limit 0 "+
			"names all", path, o.damage, o.damagesMax)
	case o.damage > 1:
		return fmt.Errorf("%s is damaged in %d places, which are named above", path, o.damage)
	}
	return nil
}

func (o *dumpOut) note(err error) { o.err = errors.Join(o.err, err) }

// flush ends the table at hand.
func (o *dumpOut) flush() {
	if o.table != nil {
		o.note(o.table.Flush())
	}
	o.table = nil
}

// space puts an empty line between what is printed.
func (o *dumpOut) space() {
	if o.said {
		_, err := fmt.Fprintln(o.w)
		o.note(err)
	}
	o.said = true
}

func (o *dumpOut) object(of string, fields []field) {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"type":%q`, of)
	for _, f := range fields {
		if f.value == nil {
			continue
		}
		value, err := json.Marshal(f.value)
		o.note(err)
		fmt.Fprintf(&b, ",%q:%s", f.name, value)
	}
	b.WriteString("}\n")
	_, err := o.w.Write(b.Bytes())
	o.note(err)
}

// cell returns a value as people read it.
func cell(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case bool:
		return map[bool]string{true: "yes", false: "no"}[v]
	case time.Time:
		return v.Format("2006-01-02T15:04:05.000000Z07:00")
	case []string:
		return plain(strings.Join(v, ", "))
	}
	return plain(fmt.Sprint(value))
}

// plain returns a text that does nothing to a terminal: names come from clients, and from
// files that may be damaged.
func plain(text string) string {
	odd := func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }
	if strings.IndexFunc(text, odd) < 0 {
		return text
	}
	return strconv.Quote(text)
}

// hexOf returns a digest as all commands print it.
func hexOf(digest uint64) string { return fmt.Sprintf("%016x", digest) }

// timeOf returns a time in µs since 1970; nil when there is none.
func timeOf(micros int64) any {
	if micros == 0 {
		return nil
	}
	return time.UnixMicro(micros).UTC()
}
