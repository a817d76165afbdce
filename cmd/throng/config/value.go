package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A value is the field behind a key.
type value interface {
	String() string           // as set takes it
	set(text string) error    // leaves the field alone when it fails
	reset()                   // to the default
	defaultText() string      // String of the default
	kind() string             // the type, for the docs
	bounds() string           // what is taken, for messages and docs; "": all
	quote(text string) string // a text that set refused, for a message
}

// text is a value of any characters. check says what is wrong with one; oneOf, if
// it is there, lists all that are taken.
type text struct {
	at    *string
	def   string
	check func(string) error
	oneOf []string
}

func (v *text) String() string           { return *v.at }
func (v *text) reset()                   { *v.at = v.def }
func (v *text) defaultText() string      { return v.def }
func (v *text) kind() string             { return "text" }
func (v *text) quote(text string) string { return strconv.Quote(shortened(text)) }

func (v *text) bounds() string {
	if len(v.oneOf) == 0 {
		return ""
	}
	last := len(v.oneOf) - 1
	return strings.Join(v.oneOf[:last], ", ") + " or " + v.oneOf[last]
}

func (v *text) set(text string) error {
	if len(v.oneOf) > 0 && !slices.Contains(v.oneOf, text) {
		return errors.New("want " + v.bounds())
	}
	if v.check != nil {
		if err := v.check(text); err != nil {
			return err
		}
	}
	*v.at = text
	return nil
}

// yesNo is a value that is true or false.
type yesNo struct {
	at  *bool
	def bool
}

func (v *yesNo) String() string           { return strconv.FormatBool(*v.at) }
func (v *yesNo) reset()                   { *v.at = v.def }
func (v *yesNo) defaultText() string      { return strconv.FormatBool(v.def) }
func (v *yesNo) kind() string             { return "true or false" }
func (v *yesNo) bounds() string           { return "" }
func (v *yesNo) quote(text string) string { return bare(text) }

func (v *yesNo) set(text string) error {
	switch text {
	case "true", "yes", "on":
		*v.at = true
	case "false", "no", "off":
		*v.at = false
	default:
		return errors.New("want true or false")
	}
	return nil
}

// list is a value of several texts, each of which check looks at.
type list struct {
	at    *[]string
	check func(string) error
}

func (v *list) String() string           { return strings.Join(*v.at, ",") }
func (v *list) reset()                   { *v.at = nil }
func (v *list) defaultText() string      { return "" }
func (v *list) kind() string             { return "list" }
func (v *list) bounds() string           { return "" }
func (v *list) quote(text string) string { return strconv.Quote(shortened(text)) }

func (v *list) set(text string) error {
	if text == "" {
		return v.setAll(nil)
	}
	parts := strings.Split(text, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return v.setAll(parts)
}

// setAll takes the texts one by one; none may hold a comma, so that the list can
// be written on one line.
func (v *list) setAll(texts []string) error {
	for _, t := range texts {
		if t == "" {
			return errors.New("want no empty text in the list")
		}
		if strings.Contains(t, ",") {
			return fmt.Errorf("want a list of texts without commas, not %q", shortened(t))
		}
		if v.check != nil {
			if err := v.check(t); err != nil {
				return err
			}
		}
	}
	*v.at = texts
	return nil
}

// bare returns a text without quotes if it reads well so.
func bare(text string) string {
	if text == "" || strings.ContainsAny(text, " \t\r\n\"") {
		return strconv.Quote(shortened(text))
	}
	return shortened(text)
}
