package report

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Env says where and how a benchmark ran.
type Env struct {
	Machine   string            `json:"machine"` // architecture and processor
	Cores     int               `json:"cores"`
	MemoryMiB int64             `json:"memory_mib"`
	Kernel    string            `json:"kernel"`
	Go        string            `json:"go"`
	Versions  map[string]string `json:"versions"` // of the servers that were run
	Flags     map[string]string `json:"flags"`    // of the command, which notes them
}

// readEnv describes this machine. What the system does not tell stays empty.
func readEnv() Env {
	e := Env{
		Machine: runtime.GOARCH, Cores: runtime.NumCPU(), Go: runtime.Version(),
		Versions: map[string]string{}, Flags: map[string]string{},
	}
	if cpu, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if m := modelName(string(cpu)); m != "" {
			e.Machine += ", " + m
		}
	}
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		e.Kernel = unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
	}
	var s unix.Sysinfo_t
	if unix.Sysinfo(&s) == nil {
		e.MemoryMiB = int64(s.Totalram) * int64(s.Unit) >> 20
	}
	return e
}

// Line is the environment in one line.
func (e Env) Line() string {
	return fmt.Sprintf("%s, %d cores, %d MiB, %s, %s",
		e.Machine, e.Cores, e.MemoryMiB, e.Kernel, e.Go)
}

func modelName(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		name, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
