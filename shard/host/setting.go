package host

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/thronggrid/throng/durable/wal"
	"github.com/thronggrid/throng/shard"
)

// The keys of the node's settings in the log's database.
const (
	keyIncarnation = "incarnation"
	// TableSetting is the setting with the slot table of a node that is alone.
	TableSetting = "slot-table"
)

// Setting reads what PutSetting stored under a name; nil if that is nothing.
func (h *Host) Setting(name string) ([]byte, error) {
	b, err := h.db.Get(name)
	if errors.Is(err, wal.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the setting %s: %w", name, err)
	}
	return b, nil
}

// PutSetting stores a setting of the node in its data directory; it returns once that is on
// the disk. The names that this package uses itself are no others' to put.
func (h *Host) PutSetting(name string, value []byte) error {
	if name == keyIncarnation {
		return fmt.Errorf("store the setting %s: it is the node's own", name)
	}
	if err := h.db.Put(name, value); err != nil {
		return fmt.Errorf("store the setting %s: %w", name, err)
	}
	return nil
}

// DescribeSetting says what a setting of a node means, for people; "" when this program does
// not know it. An error says that the value cannot be what was stored.
func DescribeSetting(key string, value []byte) (string, error) {
	switch key {
	case keyIncarnation:
		if len(value) != 8 {
			return "", fmt.Errorf("the incarnation has %d bytes, want 8", len(value))
		}
		return fmt.Sprintf("start %d of the node", binary.BigEndian.Uint64(value)), nil
	case TableSetting:
		t, err := shard.DecodeTable(value)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("version %d, %d shards", t.Version, t.Shards()), nil
	}
	return "", nil
}
