package lan

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// networksMax is how many switches one machine may have at a time.
const networksMax = 250

// Switch joins nodes that live in network namespaces of their own.
type Switch struct {
	*Rules
	number int        // tells apart the switches of a machine
	ports  []*os.File // by node, 0 this process's own network
	spaces []string   // names of the namespaces made
	delays delays
	group  sync.WaitGroup
}

// CheckSwitch says what is missing to make a Switch.
func CheckSwitch() error {
	if os.Geteuid() != 0 {
		return errors.New("network namespaces need root: run it with sudo")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return errors.New("network namespaces need the tool ip: apt-get install iproute2")
	}
	f, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("network namespaces need TUN devices: %w", err)
	}
	return f.Close()
}

// NewSwitch makes n namespaces, joined by a switch. Close it.
func NewSwitch(ctx context.Context, n int) (*Switch, error) {
	rules, err := NewRules(n)
	if err != nil {
		return nil, err
	}
	s := &Switch{Rules: rules}
	if err := s.make(ctx, n); err != nil {
		return nil, errors.Join(fmt.Errorf("make a network: %w", err), s.Close())
	}
	s.delays.start(s)
	for i := range s.ports {
		s.group.Go(func() { s.carry(i) })
	}
	return s, nil
}

func (s *Switch) make(ctx context.Context, n int) error {
	if err := s.claim(); err != nil {
		return err
	}
	if err := s.plug(ctx, Clients, nil); err != nil {
		return err
	}
	for i := 1; i <= n; i++ {
		name := s.space(i)
		if _, err := os.Stat(s.Namespace(i)); err == nil { // of one that was killed
			if err := ip(ctx, "netns", "delete", name); err != nil {
				return err
			}
		}
		s.spaces = append(s.spaces, name)
		if err := ip(ctx, "netns", "add", name); err != nil {
			return err
		}
		port, err := openDevice(s.device(i))
		if err != nil {
			return err
		}
		s.ports = append(s.ports, port)
		if err := ip(ctx, "link", "set", s.device(i), "netns", name); err != nil {
			return err
		}
		in := []string{"-n", name}
		if err := ip(ctx, append(in, "link", "set", "lo", "up")...); err != nil {
			return err
		}
		if err := s.plug(ctx, i, in); err != nil {
			return err
		}
	}
	return nil
}

// claim takes a number that no other switch has: the device of this process's own network
// tells, which the kernel makes once and removes when its process ends.
func (s *Switch) claim() error {
	for s.number = range networksMax {
		port, err := openDevice(s.device(Clients))
		if errors.Is(err, unix.EBUSY) {
			continue
		}
		if err != nil {
			return err
		}
		s.ports = append(s.ports, port)
		return nil
	}
	return fmt.Errorf("there are %d networks of benchmarks on this machine already", networksMax)
}

// plug gives a device its address. in leads ip to the device's namespace.
func (s *Switch) plug(ctx context.Context, i int, in []string) error {
	device := s.device(i)
	commands := [][]string{
		{"address", "add", s.Addr(i).String() + "/24", "dev", device},
		{"link", "set", device, "mtu", fmt.Sprint(mtuBytes), "up"},
	}
	for _, c := range commands {
		if err := ip(ctx, append(append([]string(nil), in...), c...)...); err != nil {
			return err
		}
	}
	return nil
}

func (s *Switch) device(i int) string { return fmt.Sprintf("throng%dn%d", s.number, i) }
func (s *Switch) space(i int) string  { return fmt.Sprintf("throng-%d-%d", s.number, i) }

// Namespace is the file of a node's network namespace.
func (s *Switch) Namespace(node int) string { return "/var/run/netns/" + s.space(node) }

// Addr is the address of a node, in a block that is set aside for benchmarks (RFC 2544).
func (s *Switch) Addr(node int) netip.Addr {
	return netip.AddrFrom4([4]byte{198, 18, byte(s.number), byte(node + 1)})
}

// nodeOf tells the nodes of a packet; false: it is not between nodes.
func (s *Switch) nodesOf(packet []byte) (from, to int, ok bool) {
	const versionAt, sourceAt, targetAt, headBytes = 0, 12, 16, 20
	if len(packet) < headBytes || packet[versionAt]>>4 != 4 {
		return 0, 0, false
	}
	ends := [2]int{}
	for i, at := range []int{sourceAt, targetAt} {
		a := packet[at : at+4]
		node := int(a[3]) - 1
		if a[0] != 198 || a[1] != 18 || a[2] != byte(s.number) || node < 0 || node > s.nodes {
			return 0, 0, false
		}
		ends[i] = node
	}
	return ends[0], ends[1], true
}

// carry passes on what comes through a port, until that is closed.
func (s *Switch) carry(port int) {
	packet := make([]byte, mtuBytes)
	for {
		n, err := s.ports[port].Read(packet)
		if err != nil {
			return
		}
		if from, to, ok := s.nodesOf(packet[:n]); ok && from == port {
			s.pass(from, to, packet[:n])
		}
	}
}

// pass passes on one packet as the line's fault says.
func (s *Switch) pass(from, to int, packet []byte) {
	f, _ := s.at(from, to)
	switch {
	case f.Cut || f.lost():
		s.dropped.Add(1)
	case f.Delay > 0 || f.Jitter > 0:
		s.delays.add(to, f.wait(), packet)
	default:
		s.deliver(to, packet)
	}
}

// deliver lets a packet out of a port. One that the device does not take is lost.
func (s *Switch) deliver(to int, packet []byte) {
	if _, err := s.ports[to].Write(packet); err != nil {
		s.dropped.Add(1)
		return
	}
	s.passed.Add(1)
}

// Close removes all devices and namespaces. What runs in them must have ended.
func (s *Switch) Close() error {
	var errs []error
	for _, p := range s.ports {
		errs = append(errs, p.Close())
	}
	s.delays.stop()
	s.group.Wait()
	for _, name := range s.spaces {
		// Cleaning up must go on when the run's context has ended.
		errs = append(errs, ip(context.Background(), "netns", "delete", name))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove a network: %w", err)
	}
	return nil
}

// ip runs the tool of that name.
func ip(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, "ip", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err,
			strings.TrimSpace(string(out)))
	}
	return nil
}

// HostPort is the address of a port of a node.
func (s *Switch) HostPort(node, port int) string {
	return net.JoinHostPort(s.Addr(node).String(), fmt.Sprint(port))
}
