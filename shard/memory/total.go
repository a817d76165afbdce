package memory

import (
	"bytes"
	"errors"
	"os"
	"strconv"
)

// Where Linux says how much memory there is: the limit of a control group, of either
// version, as a container sees its own, and the machine's.
const (
	groupFile    = "/sys/fs/cgroup/memory.max"
	oldGroupFile = "/sys/fs/cgroup/memory/memory.limit_in_bytes"
	machineFile  = "/proc/meminfo"
)

// Total returns how many bytes of memory the process may have: the machine's, or
// those of its control group if they are fewer.
func Total() (int64, error) {
	b, err := os.ReadFile(machineFile)
	if err != nil {
		return 0, err
	}
	all, ok := parseMachine(b)
	if !ok {
		return 0, errors.New(machineFile + " does not say")
	}
	for _, name := range []string{groupFile, oldGroupFile} {
		if b, err := os.ReadFile(name); err == nil { // else there is no such group
			if n, ok := parseGroup(b); ok {
				all = min(all, n)
			}
		}
	}
	return all, nil
}

// parseGroup reads the limit of a control group, in bytes; "max" is none.
func parseGroup(b []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(bytes.TrimSpace(b)), 10, 64)
	return n, err == nil && n > 0
}

// parseMachine finds "MemTotal:  24680448 kB".
func parseMachine(b []byte) (int64, bool) {
	for line := range bytes.Lines(b) {
		f := bytes.Fields(line)
		if len(f) == 3 && string(f[0]) == "MemTotal:" && string(f[2]) == "kB" {
			n, err := strconv.ParseInt(string(f[1]), 10, 64)
			return n << 10, err == nil && n > 0
		}
	}
	return 0, false
}
