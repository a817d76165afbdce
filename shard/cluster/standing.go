package cluster

import (
	"errors"
	"fmt"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/shard/host"
	"github.com/thronggrid/throng/shard/meta"
	"github.com/thronggrid/throng/shard/peer"
)

// keyStanding is the setting of the data directory that says whose it is.
const keyStanding = "cluster"

const (
	standingFormat = 1
	standingFields = 6
	// addressBytesMax bounds the address of a node.
	addressBytesMax = 256
	// nodesMax bounds how many other nodes a standing names.
	nodesMax = 1 << 12
)

// standing is what a data directory says of its node. It is stored whole, so that it is
// either as it was or as it is.
type standing struct {
	identity meta.Identity // drawn when the directory was new
	cluster  grid.ID       // zero: it has not joined yet
	number   uint32        // 0: likewise
	alone    bool          // it has no peers, and its peer port stays closed
	peers    []peer.Node
}

func (s *standing) append(b []byte) []byte {
	b = pack.AppendUint(pack.AppendArray(b, standingFields), standingFormat)
	b = pack.AppendBytes(b, s.identity[:])
	b = pack.AppendBytes(b, s.cluster[:])
	b = pack.AppendUint(b, uint64(s.number))
	b = pack.AppendBool(b, s.alone)
	return appendPeers(b, s.peers)
}

func appendPeers(b []byte, peers []peer.Node) []byte {
	b = pack.AppendArray(b, 2*len(peers))
	for _, p := range peers {
		b = pack.AppendUint(b, uint64(p.Number))
		b = pack.AppendString(b, p.Address)
	}
	return b
}

func (s *standing) decode(b []byte) error {
	in := pack.NewCursor(b)
	more := in.Fields(standingFields)
	if format := in.Uint(); in.Err() == nil && format != standingFormat {
		return fmt.Errorf("decode whose the data directory is: format %d, this program reads %d; "+
			"run a newer one", format, standingFormat)
	}
	id, err := readID(&in)
	if err != nil {
		return err
	}
	s.identity = meta.Identity(id)
	if s.cluster, err = readID(&in); err != nil {
		return err
	}
	s.number = uint32(min(in.Uint(), 1<<32-1))
	s.alone = in.Bool()
	s.peers = readPeers(&in)
	if err := in.End(more); err != nil {
		return fmt.Errorf("decode whose the data directory is: %w", err)
	}
	return nil
}

func readPeers(in *pack.Cursor) (peers []peer.Node) {
	n := in.Array()
	for i := 0; i+1 < n && in.Err() == nil; i += 2 {
		p := peer.Node{Number: uint32(min(in.Uint(), 1<<32-1)), Address: string(in.String())}
		if len(peers) < nodesMax && len(p.Address) <= addressBytesMax {
			peers = append(peers, p)
		}
	}
	if n%2 == 1 {
		in.Skip()
	}
	return peers
}

func readID(in *pack.Cursor) (id grid.ID, err error) {
	b := in.Bytes()
	if in.Err() != nil {
		return id, in.Err()
	}
	if len(b) != len(id) {
		return id, errors.New("an id is not of 16 bytes")
	}
	copy(id[:], b)
	return id, nil
}

// loadStanding reads whose the data directory is; a new one has a new identity.
func (n *Node) loadStanding() error {
	b, err := n.host.Setting(keyStanding)
	if err != nil {
		return fmt.Errorf("read whose the data directory is: %w", err)
	}
	if b != nil {
		return n.is.decode(b)
	}
	n.options.Random(n.is.identity[:])
	return nil
}

func (n *Node) storeStanding() error {
	if err := n.host.PutSetting(keyStanding, n.is.append(nil)); err != nil {
		return fmt.Errorf("store whose the data directory is: %w", err)
	}
	return nil
}

// DescribeSetting says what the setting of a data directory that this package keeps means,
// for people; "" when it is none of its.
func DescribeSetting(key string, value []byte) (string, error) {
	if key != keyStanding {
		return "", nil
	}
	var s standing
	if err := s.decode(value); err != nil {
		return "", err
	}
	switch {
	case s.number == 0:
		return fmt.Sprintf("identity %x, of no cluster yet", s.identity), nil
	case s.alone:
		return fmt.Sprintf("identity %x, a node alone, of cluster %v", s.identity, s.cluster), nil
	}
	return fmt.Sprintf("identity %x, node %d of cluster %v, with %d others",
		s.identity, s.number, s.cluster, len(s.peers)), nil
}

// Stands says what a data directory knows of its node: whether it is part of a cluster, and
// whether that is a cluster of one without a peer port.
func Stands(h *host.Host) (known, alone bool, err error) {
	n := Node{host: h, options: Options{Random: func([]byte) {}}}
	if err := n.loadStanding(); err != nil {
		return false, false, err
	}
	return n.is.number != 0, n.is.alone, nil
}
