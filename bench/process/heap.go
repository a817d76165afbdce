package process

import (
	"bytes"
	"strconv"
	"strings"
	"sync"
)

// heapTrace reads the lines that the Go runtime writes with GODEBUG=gctrace=1:
//
//	gc 7 @1.2s 1%: … ms clock, … ms cpu, 40->41->21 MB, 42 MB goal, …
//
// The third size is what the collection found in use.
type heapTrace struct {
	mu struct {
		sync.Mutex
		rest []byte // a line that is not whole, at most LogTailBytes
		live int64
		any  bool
	}
}

func (h *heapTrace) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mu.rest = append(h.mu.rest, b...)
	for {
		i := bytes.IndexByte(h.mu.rest, '\n')
		if i < 0 {
			break
		}
		if n, ok := liveHeap(string(h.mu.rest[:i])); ok {
			h.mu.live, h.mu.any = n, true
		}
		h.mu.rest = h.mu.rest[i+1:]
	}
	h.mu.rest = append([]byte(nil), h.mu.rest[max(0, len(h.mu.rest)-LogTailBytes):]...)
	return len(b), nil
}

func (h *heapTrace) live() (int64, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.mu.live, h.mu.any
}

// liveHeap finds the third size of a line of the trace.
func liveHeap(line string) (int64, bool) {
	if !strings.HasPrefix(line, "gc ") {
		return 0, false
	}
	sizes, _, ok := strings.Cut(line, " MB,")
	if !ok {
		return 0, false
	}
	parts := strings.Split(sizes[strings.LastIndexByte(sizes, ' ')+1:], "->")
	if len(parts) != 3 {
		return 0, false
	}
	n, err := strconv.ParseInt(parts[2], 10, 64)
	return n << 20, err == nil && n >= 0
}
