package mesh

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/thronggrid/throng/grid"
)

// The versions of what is spoken on a connection that this code knows.
const (
	versionMin = 1
	versionMax = 1
)

const (
	prefaceBytes = 8  // of a hello, the same in all versions
	helloFixed   = 96 // what follows, without the address
	helloMax     = helloFixed + AddressBytesMax
	nonceBytes   = 24

	numberMax      = 1<<24 - 1 // what grid.Origin has room for
	incarnationMax = 1<<40 - 1
	clockMax       = 1 << 53 // µs: far away, and no sum of two overflows
)

// magic begins all that is said between nodes.
const magic = "ThPr"

// A purpose is what a connection is for.
type purpose uint8

const (
	forMain purpose = 0 // all channels but Snapshot
	forBulk purpose = 1 // Snapshot
	forAsk  purpose = 2 // one call
)

// A hello is the first thing that each side says.
type hello struct {
	versionMin, versionMax uint8

	purpose     purpose
	number      uint32 // 0: a stranger, who has none yet
	cluster     grid.ID
	incarnation uint64
	levelMin    uint64
	levelMax    uint64
	clock       int64  // µs since 1970, when this was written
	instance    uint64 // drawn by each process
	last        uint64 // the id of the connection that the sender had last, for this purpose
	nonce       [nonceBytes]byte
	address     string // where the sender is reached
}

func (h *hello) origin() grid.Origin { return grid.OriginOf(h.number, h.incarnation) }

// connection is the id of the connection that a dialer's hello begins.
func (h *hello) connection() uint64 { return binary.BigEndian.Uint64(h.nonce[:]) }

func (h *hello) encode() []byte {
	b := append(make([]byte, 0, prefaceBytes+helloMax), magic...)
	b = append(b, h.versionMin, h.versionMax)
	b = binary.BigEndian.AppendUint16(b, uint16(helloFixed+len(h.address)))
	b = append(b, byte(h.purpose), 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, h.number)
	b = append(b, h.cluster[:]...)
	for _, v := range [...]uint64{h.incarnation, h.levelMin, h.levelMax, uint64(h.clock),
		h.instance, h.last} {
		b = binary.BigEndian.AppendUint64(b, v)
	}
	b = append(b, h.nonce[:]...)
	return append(b, h.address...)
}

// errGarbage says that something else than a node spoke.
var errGarbage = errors.New("this is no node of a cluster")

// An errVersion says that the other speaks another version.
type errVersion struct{ min, max uint8 }

func (e errVersion) Error() string {
	return fmt.Sprintf("it speaks versions %d to %d of the protocol between nodes, "+
		"this node %d to %d", e.min, e.max, versionMin, versionMax)
}

// readHello reads a hello, and returns its bytes as they came too. The error is
// errGarbage, an errVersion, or one of reading.
func readHello(r io.Reader) (hello, []byte, error) {
	raw := make([]byte, prefaceBytes, prefaceBytes+helloMax)
	if _, err := io.ReadFull(r, raw); err != nil {
		return hello{}, nil, err
	}
	size, err := decodePreface(raw)
	if err != nil {
		return hello{}, nil, err
	}
	raw = raw[:prefaceBytes+size]
	if _, err := io.ReadFull(r, raw[prefaceBytes:]); err != nil {
		return hello{}, nil, err
	}
	h, err := decodeHello(raw)
	return h, raw, err
}

// decodePreface returns how many bytes follow it.
func decodePreface(b []byte) (int, error) {
	if !bytes.Equal(b[:len(magic)], []byte(magic)) {
		return 0, errGarbage
	}
	low, high, size := b[4], b[5], int(binary.BigEndian.Uint16(b[6:]))
	switch {
	case low > high:
		return 0, errGarbage
	case low > versionMax || high < versionMin:
		return 0, errVersion{low, high}
	case size < helloFixed || size > helloMax:
		return 0, errGarbage
	}
	return size, nil
}

// decodeHello takes a whole hello whose preface is right.
func decodeHello(raw []byte) (hello, error) {
	b := raw[prefaceBytes:]
	h := hello{versionMin: raw[4], versionMax: raw[5], purpose: purpose(b[0])}
	h.number = binary.BigEndian.Uint32(b[4:])
	copy(h.cluster[:], b[8:])
	b = b[24:]
	for i, at := range [...]*uint64{&h.incarnation, &h.levelMin, &h.levelMax} {
		*at = binary.BigEndian.Uint64(b[8*i:])
	}
	h.clock = int64(binary.BigEndian.Uint64(b[24:]))
	h.instance = binary.BigEndian.Uint64(b[32:])
	h.last = binary.BigEndian.Uint64(b[40:])
	copy(h.nonce[:], b[48:])
	h.address = string(b[48+nonceBytes:])
	if h.purpose > forAsk || h.number > numberMax || h.incarnation > incarnationMax ||
		h.levelMin > h.levelMax || h.clock < 0 || h.clock > clockMax {
		return h, errGarbage
	}
	return h, nil
}
