package host

import (
	"encoding/binary"
	"fmt"

	"github.com/thronggrid/throng/shard"
)

// DescribeSetting says what a setting of a node means, for people; "" when this program does
// not know it. An error says that the value cannot be what was stored.
func DescribeSetting(key string, value []byte) (string, error) {
	switch key {
	case keyIncarnation:
		if len(value) != 8 {
			return "", fmt.Errorf("the incarnation has %d bytes, want 8", len(value))
		}
		return fmt.Sprintf("start %d of the node", binary.BigEndian.Uint64(value)), nil
	case keyTable:
		t, err := shard.DecodeTable(value)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("version %d, %d shards", t.Version, t.Shards()), nil
	}
	return "", nil
}
