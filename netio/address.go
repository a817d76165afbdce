package netio

import (
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
)

// addresses counts the connections of each network. It has a row for each network with a
// connection, so it is bounded as these are; its lock is taken twice in the life of a
// connection.
type addresses struct {
	sync.Mutex
	counts map[network]int64
}

// network is an IPv4 address, behind the bits of the reserved prefix 0:ffff::/32, or the
// higher half of an IPv6 address: whoever has one of these has them all.
type network uint64

// networkOf returns the network of a peer, and its address.
func networkOf(peer net.Addr) (network, netip.Addr) {
	tcp, ok := peer.(*net.TCPAddr)
	if !ok {
		return 0, netip.Addr{}
	}
	a := tcp.AddrPort().Addr().Unmap()
	if a.Is4() {
		b := a.As4()
		return 0xffff<<32 | network(binary.BigEndian.Uint32(b[:])), a
	}
	b := a.As16()
	return network(binary.BigEndian.Uint64(b[:])), a
}

// add counts a connection, and returns how many there are of its network.
func (t *addresses) add(n network) int64 {
	t.Lock()
	defer t.Unlock()
	if t.counts == nil {
		t.counts = make(map[network]int64)
	}
	t.counts[n]++
	return t.counts[n]
}

// remove counts its end.
func (t *addresses) remove(n network) {
	t.Lock()
	defer t.Unlock()
	if t.counts[n]--; t.counts[n] <= 0 {
		delete(t.counts, n)
	}
}

// crowded says whether a peer is one too many of the connections of its network.
func (m *limits) crowded(count int64, peer netip.Addr) bool {
	if m.perIP == 0 || count <= m.perIP {
		return false
	}
	for _, p := range m.exempt {
		if p.Contains(peer) {
			return false
		}
	}
	return true
}
