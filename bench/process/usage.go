package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// CPU returns the processor time, user and system, that the process and its
// threads have used since it started.
func (p *Process) CPU() (time.Duration, error) { return cpu(p.PID()) }

// SelfCPU returns this process's own.
func SelfCPU() time.Duration {
	d, err := cpu(os.Getpid())
	if err != nil {
		return 0
	}
	return d
}

// cpu reads the processor-time clock that the kernel keeps for each process, in
// nanoseconds; /proc/PID/stat has the same time in steps of 10 ms.
func cpu(pid int) (time.Duration, error) {
	const sched = 2 // CPUCLOCK_SCHED: what the threads ran, as the scheduler counted
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|sched), &t); err != nil {
		return 0, fmt.Errorf("read the processor time of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// Memory is what a process holds of the machine's memory, in bytes.
type Memory struct {
	RSS  int64 // resident now
	Peak int64 // the most since the start or the last ResetPeak
}

// Memory returns what the process holds now.
func (p *Process) Memory() (Memory, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return Memory{}, fmt.Errorf("read the memory of process %d: %w", p.PID(), err)
	}
	return parseStatus(string(b))
}

// ResetPeak makes Memory.Peak count from now on.
func (p *Process) ResetPeak() error {
	const peak = "5"
	err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.PID()), []byte(peak), 0)
	if err != nil {
		return fmt.Errorf("reset the peak memory of process %d: %w", p.PID(), err)
	}
	return nil
}

// parseStatus reads the two lines of /proc/PID/status that Memory needs.
func parseStatus(s string) (Memory, error) {
	var m Memory
	for line := range strings.Lines(s) {
		name, value, _ := strings.Cut(line, ":")
		var field *int64
		switch name {
		case "VmRSS":
			field = &m.RSS
		case "VmHWM":
			field = &m.Peak
		default:
			continue
		}
		kib, ok := strings.CutSuffix(strings.TrimSpace(value), " kB")
		n, err := strconv.ParseInt(strings.TrimSpace(kib), 10, 64)
		if !ok || err != nil {
			return Memory{}, fmt.Errorf("read /proc/PID/status: %q is not an amount in kB", line)
		}
		*field = n << 10
	}
	if m.RSS == 0 {
		return Memory{}, fmt.Errorf("read /proc/PID/status: no VmRSS, so the process has ended")
	}
	return m, nil
}
