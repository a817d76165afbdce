package lan

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Whose returns which of the processes has a socket that is bound to an address of this
// machine, as an index into their ids; false: none has. The ids may be those of processes
// that have ended.
func Whose(addr net.Addr, pids []int) (int, bool) {
	at, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return 0, false
	}
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return 0, false
	}
	inode, ok := inodeOf(string(table), at)
	if !ok {
		return 0, false
	}
	want := "socket:[" + inode + "]"
	for i, pid := range pids {
		files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		if err != nil {
			continue
		}
		for _, f := range files {
			if got, err := os.Readlink(f); err == nil && got == want {
				return i, true
			}
		}
	}
	return 0, false
}

// inodeOf finds the socket of a local address in the text of /proc/net/tcp, whose lines
// have the address in the second column, the bytes of an IPv4 address from the last to
// the first, and the inode in the tenth.
func inodeOf(table string, at netip.AddrPort) (string, bool) {
	const localColumn, inodeColumn = 1, 9
	ip := at.Addr().Unmap()
	if !ip.Is4() {
		return "", false
	}
	b := ip.As4()
	want := fmt.Sprintf("%02X%02X%02X%02X:%s", b[3], b[2], b[1], b[0],
		strings.ToUpper(fmt.Sprintf("%04x", at.Port())))
	for line := range strings.Lines(table) {
		columns := strings.Fields(line)
		if len(columns) <= inodeColumn || columns[localColumn] != want {
			continue
		}
		if n, err := strconv.ParseUint(columns[inodeColumn], 10, 64); err == nil && n > 0 {
			return columns[inodeColumn], true // 0: a socket that nobody holds any more
		}
	}
	return "", false
}
