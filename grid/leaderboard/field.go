package leaderboard

import (
	"bytes"
	"math"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// boardName reads the first field of every request, which must have at least
// want fields.
func boardName(in *pack.Cursor, n, want int) ([]byte, error) {
	if err := grid.CheckFields(n, want); err != nil {
		return nil, err
	}
	name := in.String()
	if err := in.Err(); err != nil {
		return nil, err
	}
	return name, checkName(name)
}

// checkName checks a board's name, or the key of a stripe.
func checkName(name []byte) error {
	if len(name) == 0 || len(name) > BoardNameBytesMax && bytes.IndexByte(name, 0) < 0 {
		return fault.New(fault.InvalidArgument,
			"a board's name of %d bytes: use 1 to %d", len(name), BoardNameBytesMax)
	}
	for _, c := range name {
		if c < ' ' || c > '~' {
			return checkRunes(name)
		}
	}
	return nil
}

// plain refuses the key of a stripe, which no client knows.
func plain(name []byte, err error) ([]byte, error) {
	if err == nil && bytes.IndexByte(name, 0) >= 0 {
		err = errControl(name)
	}
	return name, err
}

func errControl(name []byte) error {
	return fault.New(fault.InvalidArgument,
		"the board's name %q has a control character: use printable ones", name)
}

// checkRunes is the rest of checkName, for names that are not plain ASCII.
func checkRunes(name []byte) error {
	for rest := name; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n == 1 {
			return fault.New(fault.InvalidArgument,
				"the board's name %q is not UTF-8: send text", name)
		}
		if unicode.IsControl(r) {
			if s, ok := parseStripe(view(name)); ok {
				return checkName(name[:len(s.name)])
			}
			return errControl(name)
		}
		rest = rest[n:]
	}
	return nil
}

// ownerOrCaller reads an owner; nil, which stands for the caller, gives the
// zero ID.
func ownerOrCaller(in *pack.Cursor) (id grid.ID, err error) {
	if in.Nil() {
		return id, nil
	}
	err = readOwner(in, &id)
	return id, err
}

// readOwner reads an owner. The zero ID is nobody's.
func readOwner(in *pack.Cursor, id *grid.ID) error {
	b := in.Bytes()
	if err := in.Err(); err != nil {
		return err
	}
	if len(b) != len(id) {
		return fault.New(fault.InvalidArgument,
			"an owner of %d bytes: an owner is a UUID of %d", len(b), len(id))
	}
	copy(id[:], b)
	if *id == (grid.ID{}) {
		return fault.New(fault.InvalidArgument,
			"the zero UUID owns no records: name an owner, or send nil for the caller")
	}
	return nil
}

// checkText checks a text that is the game's own.
func checkText(what, text string, most int) error {
	if len(text) > most {
		return fault.New(fault.InvalidArgument,
			"%d bytes of a %s: use at most %d", len(text), what, most)
	}
	if !utf8.ValidString(text) {
		return fault.New(fault.InvalidArgument, "the %s is not UTF-8: send text", what)
	}
	return nil
}

// text reads a string, or nil for none.
func text(in *pack.Cursor) string {
	if in.Nil() {
		return ""
	}
	return view(in.String())
}

// number reads a number of at most 8 bits: what is higher is 255, and no
// setting is that.
func number(in *pack.Cursor) uint8 { return uint8(min(in.Uint(), math.MaxUint8)) }

func limit(in *pack.Cursor) (int, error) {
	n := in.Int()
	if in.Err() == nil && (n < 1 || n > PageRecordsMax) {
		return 0, fault.New(fault.InvalidArgument,
			"a limit of %d records: ask for 1 to %d", n, PageRecordsMax)
	}
	return int(n), in.Err()
}

// view returns bytes as a string that changes with them.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
