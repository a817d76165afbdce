package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/durable/disk"
)

// factsName is the facts file's name in the data directory.
const factsName = "records.facts"

// factsMagic is what the facts file begins with.
const factsMagic = "thrgrecs"

// numberBytes is a stored number of a transaction: its seal, and the number.
const numberBytes = disk.SealBytes + 8

// numberKey is the key of the number of the last transaction.
func numberKey() []byte { return []byte{numberPrefix} }

// appendNumber appends the stored form of a transaction's number.
func appendNumber(b, key []byte, n uint64) []byte {
	start := len(b)
	b = append(b, storeVersion, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint64(b, n)
	disk.Seal(key, b[start:])
	return b
}

// decodeNumber reads a stored number.
func decodeNumber(key, value []byte) (n uint64, ok bool) {
	if len(value) != numberBytes || value[0] != storeVersion || !disk.Sealed(key, value) {
		return 0, false
	}
	return binary.BigEndian.Uint64(value[disk.SealBytes:]), true
}

// lastNumber reads the number of the last transaction that Pebble has; 0: none.
func lastNumber(db *pebble.DB) (uint64, error) {
	value, closer, err := db.Get(numberKey())
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the number of the last transaction: %w", err)
	}
	n, ok := decodeNumber(numberKey(), value)
	if err := closer.Close(); err != nil {
		return 0, fmt.Errorf("read the number of the last transaction: %w", err)
	}
	if !ok {
		return 0, disk.Corrupt("the number of the last transaction", "its checksum does not match")
	}
	return n, nil
}

// witness is the facts file. It belongs to whoever syncs.
type witness struct {
	file vfs.File
	b    []byte // what is written to it
}

// openWitness opens the facts file, or makes it, and reads the number of the last
// transaction that was acknowledged as far as the file knows. One that is new,
// torn or damaged knows of none: it is not synced, so that a power cut may leave
// it like that.
func openWitness(fs vfs.FS, dir string) (w *witness, n uint64, err error) {
	path := fs.PathJoin(dir, factsName)
	f, err := fs.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, 0, fmt.Errorf("open %s: %w", path, err)
	}
	b := make([]byte, len(factsMagic)+numberBytes)
	if n, err = readWitness(f, path, b); err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return &witness{file: f, b: b}, n, nil
}

// readWitness reads the number that the facts file has, by way of b, which it fits.
func readWitness(f io.ReaderAt, path string, b []byte) (n uint64, err error) {
	read, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("read %s: %w", path, err)
	}
	// A short file leaves zeros, which no seal fits.
	if head := b[:len(factsMagic)]; read == len(b) && string(head) == factsMagic {
		n, _ = decodeNumber(head, b[len(factsMagic):])
	}
	return n, nil
}

// write notes that transaction n and all before it are on disk. What is written
// survives the process; that it may not survive a power cut only makes the
// witness say less.
func (w *witness) write(n uint64) error {
	magic := append(w.b[:0], factsMagic...)
	w.b = appendNumber(magic, magic, n)
	if _, err := w.file.WriteAt(w.b, 0); err != nil {
		return fmt.Errorf("write %s: %w", factsName, err)
	}
	return nil
}

func (w *witness) close() error {
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("close %s: %w", factsName, err)
	}
	return nil
}

// check compares the number of the last transaction that Pebble has with what the
// facts file says.
func check(has, acknowledged uint64) error {
	if has >= acknowledged {
		return nil
	}
	return disk.Corrupt("the log of the record tables", fmt.Sprintf(
		"it ends at transaction %d, transactions up to %d were acknowledged: %d are missing",
		has, acknowledged, acknowledged-has))
}
