package disk

import (
	"errors"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/record"
)

// Damage is what to say of an error that Pebble in dir met while it was opened and
// read: that a file is damaged, and which, if that is it; else the error itself.
func Damage(dir string, latch *Latch, err error) error {
	var named *CorruptionError
	switch {
	case err == nil, errors.As(err, &named):
		return err
	case errors.As(latch.Err(), &named):
		return named
	case pebble.IsCorruptionError(err), errors.Is(err, record.ErrInvalidChunk),
		errors.Is(err, record.ErrZeroedChunk), errors.Is(err, record.ErrUnexpectedEOF):
		return Corrupt("a file in "+dir, err.Error())
	}
	return err
}

// namedMax is how many damages are kept to be named.
const namedMax = 1000

// Damages are what was found to be damaged where that ends nothing. The zero value has none.
type Damages struct {
	Named []error // the first of them
	Count uint64  // of all
}

// Note adds one.
func (d *Damages) Note(err error) {
	if d.Count++; len(d.Named) < namedMax {
		d.Named = append(d.Named, err)
	}
}
