package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A notation is how numbers of one sort are written.
type notation struct {
	name   string // what a number is called in messages: a whole number
	kind   string // what it is called in the docs
	parse  func(string) (int64, error)
	format func(int64) string
}

// wholeNumbers, sizes and durations are the sorts of numbers.
var (
	wholeNumbers = notation{"a whole number", "number", parseWhole, formatWhole}
	sizes        = notation{"a size in bytes, 65536, 64KiB or 1GiB say", "size",
		parseSize, formatSize}
	durations = notation{"a duration, 90s or 1h30m say", "duration",
		parseDuration, formatDuration}
)

// number is a value within bounds. Where zero is not "", 0 is taken as well, and
// zero says what it stands for.
type number[T ~int | ~int64] struct {
	at       *T
	def      T
	min, max T
	zero     string
	notation notation
}

// whole returns a value that is a whole number.
func whole[T ~int | ~int64](at *T, def, least, most T, zero string) *number[T] {
	return &number[T]{at, def, least, most, zero, wholeNumbers}
}

// size returns a value that is a number of bytes.
func size[T ~int | ~int64](at *T, def, least, most T, zero string) *number[T] {
	return &number[T]{at, def, least, most, zero, sizes}
}

// span returns a value that is a duration.
func span(at *time.Duration, def, least, most time.Duration, zero string) *number[time.Duration] {
	return &number[time.Duration]{at, def, least, most, zero, durations}
}

func (v *number[T]) String() string           { return v.notation.format(int64(*v.at)) }
func (v *number[T]) reset()                   { *v.at = v.def }
func (v *number[T]) defaultText() string      { return v.notation.format(int64(v.def)) }
func (v *number[T]) kind() string             { return v.notation.kind }
func (v *number[T]) quote(text string) string { return bare(text) }

func (v *number[T]) bounds() string {
	format := v.notation.format
	within := format(int64(v.min)) + " to " + format(int64(v.max))
	if v.zero != "" {
		within += ", or 0 for " + v.zero
	}
	return within
}

func (v *number[T]) set(text string) error {
	n, err := v.notation.parse(text)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return errors.New("want " + v.bounds())
	case err != nil:
		return fmt.Errorf("want %s, %s", v.notation.name, v.bounds())
	case n == 0 && v.zero != "":
	case n < int64(v.min) || n > int64(v.max):
		return errors.New("want " + v.bounds())
	}
	*v.at = T(n)
	return nil
}

func parseWhole(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) }
func formatWhole(n int64) string            { return strconv.FormatInt(n, 10) }

// sizeUnits are those that a size may end in, the largest first.
var sizeUnits = []struct {
	name  string
	bytes int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

func parseSize(text string) (int64, error) {
	digits, unit := text, int64(1)
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(text, u.name); ok {
			digits, unit = strings.TrimRight(rest, " "), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, err
	}
	if product := n * unit; product/unit == n {
		return product, nil
	}
	return 0, strconv.ErrRange
}

func formatSize(n int64) string {
	for _, u := range sizeUnits {
		if n != 0 && n%u.bytes == 0 && u.bytes > 1 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

func parseDuration(text string) (int64, error) {
	d, err := time.ParseDuration(text)
	return int64(d), err
}

// formatDuration writes 1h for what time.Duration calls 1h0m0s.
func formatDuration(n int64) string {
	s := time.Duration(n).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return strings.TrimPrefix(s, "+")
}
