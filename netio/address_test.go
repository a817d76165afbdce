package netio

import (
	"net"
	"net/netip"
	"testing"
)

func peerOf(ip string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(ip)) }

// Peers are of one network if they have the same IPv4 address, or the same half of an
// IPv6 address.
func TestNetworks(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1:1", "192.0.2.1:2", true},
		{"192.0.2.1:1", "192.0.2.2:1", false},
		{"192.0.2.1:1", "[::ffff:192.0.2.1]:1", true},
		{"[2001:db8::1]:1", "[2001:db8::ffff:ffff:1:2]:9", true},
		{"[2001:db8::1]:1", "[2001:db8:0:1::1]:1", false},
		{"[::1]:1", "127.0.0.1:1", false},
		{"[::1]:1", "0.0.0.0:1", false},
	} {
		a, _ := networkOf(peerOf(c.a))
		b, _ := networkOf(peerOf(c.b))
		if (a == b) != c.same {
			t.Errorf("%s is %x, %s is %x", c.a, a, c.b, b)
		}
	}
	if n, a := networkOf(&net.UnixAddr{}); n != 0 || a.IsValid() {
		t.Error("a peer without IP address has one")
	}
}

// The table has a row for each network with connections and no other.
func TestAddressesAreCounted(t *testing.T) {
	var all addresses
	a, _ := networkOf(peerOf("192.0.2.1:1"))
	b, _ := networkOf(peerOf("192.0.2.2:1"))
	if all.add(a) != 1 || all.add(b) != 1 || all.add(a) != 2 {
		t.Fatal("counted wrong")
	}
	all.remove(a)
	all.remove(b)
	if len(all.counts) != 1 || all.add(a) != 2 {
		t.Fatalf("left: %v", all.counts)
	}
}

func TestExempt(t *testing.T) {
	m := DefaultLimits()
	m.ConnectionsPerIP = 2
	l := newLimits(&m)
	for _, c := range []struct {
		peer  string
		count int64
		want  bool
	}{
		{"192.0.2.1:1", 2, false}, {"192.0.2.1:1", 3, true},
		{"127.0.0.1:1", 1000, false}, {"127.9.9.9:1", 1000, false}, {"[::1]:1", 1000, false},
		{"[::2]:1", 3, true}, {"[::ffff:127.0.0.1]:1", 3, false},
	} {
		_, addr := networkOf(peerOf(c.peer))
		if got := l.crowded(c.count, addr); got != c.want {
			t.Errorf("connection %d of %s: too many is %v", c.count, c.peer, got)
		}
	}
	m.ConnectionsPerIP = 0
	if newLimits(&m).crowded(1<<40, netip.MustParseAddr("192.0.2.1")) {
		t.Error("without a limit there are too many")
	}
}
