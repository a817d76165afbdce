package wal

import (
	"encoding/binary"
	"fmt"
)

// Set stores a value under a key of at most KeyBytesMax bytes.
func (l *Log) Set(key, value []byte) error {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	return l.db.put(l.stable, &l.announce, &l.change, string(key), value)
}

// Get returns what Set stored, or ErrNotFound.
func (l *Log) Get(key []byte) ([]byte, error) {
	if err := l.db.refusal(); err != nil {
		return nil, err
	}
	return l.stable.get(string(key))
}

// SetUint64 stores a number.
func (l *Log) SetUint64(key []byte, v uint64) error {
	return l.Set(key, binary.BigEndian.AppendUint64(nil, v))
}

// GetUint64 returns what SetUint64 stored, or ErrNotFound.
func (l *Log) GetUint64(key []byte) (uint64, error) {
	v, err := l.Get(key)
	if err != nil {
		return 0, err
	}
	if len(v) != 8 {
		return 0, fmt.Errorf("get %q of %s: %d bytes are not a number", key, l.stable.name, len(v))
	}
	return binary.BigEndian.Uint64(v), nil
}
