package backup

import (
	"fmt"
	"io"

	"github.com/thronggrid/throng/grid/pack"
)

// Node is what a backup says of the node that it shows.
type Node struct {
	Version  string // of the throng that wrote the backup
	Number   uint32 // of the node in its cluster
	Settings []Setting
}

// Setting is a setting of the node, as durable/wal keeps it.
type Setting struct {
	Key   string
	Value []byte
}

// Secret is a file with keys of the node. Its name has no directory.
type Secret struct {
	Name string
	Text []byte
}

// settingsMax bounds the settings and the secrets of a backup.
const settingsMax = 64

const nodeFields = 3

func (n *Node) encode() []byte {
	b := pack.AppendArray(nil, nodeFields)
	b = pack.AppendString(b, n.Version)
	b = pack.AppendUint(b, uint64(n.Number))
	b = pack.AppendArray(b, len(n.Settings))
	for _, s := range n.Settings {
		b = pack.AppendArray(b, 2)
		b = pack.AppendString(b, s.Key)
		b = pack.AppendBytes(b, s.Value)
	}
	return b
}

func (n *Node) decode(b []byte) error {
	in := pack.NewCursor(b)
	more := in.Fields(nodeFields)
	n.Version = string(in.String())
	n.Number = uint32(in.Uint())
	pairs(&in, func(key, value []byte) {
		n.Settings = append(n.Settings, Setting{string(key), append([]byte(nil), value...)})
	})
	return over(&in, more)
}

// pairs reads what is written as [[text, bytes]…].
func pairs(in *pack.Cursor, each func(key, value []byte)) {
	for range min(in.Array(), settingsMax) {
		more := in.Fields(2)
		key, value := in.String(), in.Bytes()
		if in.End(more) != nil {
			return
		}
		each(key, value)
	}
}

// over ends a value of which nothing may be left.
func over(in *pack.Cursor, more int) error {
	if err := in.End(more); err != nil {
		return err
	}
	return in.Done()
}

func encodeSecrets(secrets []Secret) []byte {
	b := pack.AppendArray(pack.AppendArray(nil, 1), len(secrets))
	for _, s := range secrets {
		b = pack.AppendArray(b, 2)
		b = pack.AppendString(b, s.Name)
		b = pack.AppendBytes(b, s.Text)
	}
	return b
}

func decodeSecrets(b []byte) (secrets []Secret, err error) {
	in := pack.NewCursor(b)
	more := in.Fields(1)
	pairs(&in, func(name, text []byte) {
		secrets = append(secrets, Secret{string(name), append([]byte(nil), text...)})
	})
	return secrets, over(&in, more)
}

// Node reads the part of the node, which is the one at hand.
func (r *Reader) Node() (n Node, err error) {
	b, err := r.small()
	if err == nil {
		if err = n.decode(b); err != nil {
			err = r.corrupt("the part of the node: %v", err)
		}
	}
	return n, err
}

// Secrets reads the part of the keys, which is the one at hand.
func (r *Reader) Secrets() ([]Secret, error) {
	b, err := r.small()
	if err != nil {
		return nil, err
	}
	secrets, err := decodeSecrets(b)
	if err != nil {
		return nil, r.corrupt("the part of the keys: %v", err)
	}
	return secrets, nil
}

// small reads all of a part that is small.
func (r *Reader) small() ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, NodeBytesMax+1))
	if err == nil && len(b) > NodeBytesMax {
		err = r.corrupt("the part %s has more than %d bytes", r.Part().Name(), NodeBytesMax)
	}
	return b, err
}

// writeSmall writes a part that is small.
func (w *Writer) writeSmall(kind Kind, b []byte) error {
	if len(b) > NodeBytesMax {
		return fmt.Errorf("write the backup: %d bytes of %s, at most %d",
			len(b), kind, NodeBytesMax)
	}
	if err := w.Begin(Part{Kind: kind}); err != nil {
		return err
	}
	if _, err := w.Write(b); err != nil {
		return err
	}
	return w.End(0, 0)
}
