package backup

import (
	"errors"
	"fmt"
	"io"

	"github.com/thronggrid/throng/grid/record"
)

// Digests says how the state of a shard is decoded and hashed: it reads what
// Shard.Encode wrote, to its end.
type Digests func(io.Reader) (digest uint64, err error)

// Verify reads a whole backup: every checksum, every value, and all digests worked out
// anew. What is not as it should be is an error.
func Verify(r *Reader, digests Digests) (sum Summary, err error) {
	return walk(r, visitor{
		shard: func(_ Part, data io.Reader) (uint64, error) { return digests(data) },
		rows: func() (rows, digest uint64, err error) {
			return r.ReadRows(func(*record.Table) error { return nil },
				func(*record.Table, *record.Row) error { return nil })
		},
		secrets: func([]Secret) error { return nil },
	})
}

// visitor takes the parts of a backup as they come.
type visitor struct {
	node    func(*Node) error // may be nil
	shard   func(Part, io.Reader) (digest uint64, err error)
	rows    func() (rows, digest uint64, err error)
	secrets func([]Secret) error
}

// walk reads a backup to its end, and compares the digests of the parts with those that
// the visitor worked out.
func walk(r *Reader, v visitor) (sum Summary, err error) {
	for {
		err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = v.part(r, &sum)
		}
		if err != nil {
			return sum, err
		}
	}
	sum.Made, sum.Parts, sum.Bytes = r.Made(), r.Parts(), r.Bytes()
	return sum, nil
}

// part reads one part to its end.
func (v *visitor) part(r *Reader, sum *Summary) (err error) {
	var rows, digest uint64
	at := r.Part()
	switch at.Kind {
	case KindNode:
		if sum.Node, err = r.Node(); err == nil && v.node != nil {
			err = v.node(&sum.Node)
		}
	case KindShard:
		digest, err = v.shard(at, r)
	case KindRecords:
		rows, digest, err = v.rows()
	case KindKeys:
		var secrets []Secret
		if secrets, err = r.Secrets(); err == nil {
			err = v.secrets(secrets)
		}
	}
	if err != nil {
		return fmt.Errorf("%s of the backup: %w", at.Name(), err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	if said := r.Part(); said.Digest != digest || said.Rows != rows {
		return r.corrupt("%s has the digest %016x and %d rows, it should have %016x and %d",
			at.Name(), digest, rows, said.Digest, said.Rows)
	}
	return nil
}
