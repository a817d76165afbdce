package memory

import (
	"runtime/metrics"
	"sync"
)

// What the runtime is asked for, in this order.
const (
	live     = iota // what the last collection found in use
	objects         // live, new since then, and garbage
	free            // pages without objects, not yet given back
	released        // given back
	total           // all of it
	samples
)

// sampler measures the memory of this process.
type sampler struct {
	mu    sync.Mutex
	asked []metrics.Sample
}

func newSampler() *sampler {
	s := &sampler{asked: make([]metrics.Sample, samples)}
	for i, name := range [samples]string{
		live:     "/gc/heap/live:bytes",
		objects:  "/memory/classes/heap/objects:bytes",
		free:     "/memory/classes/heap/free:bytes",
		released: "/memory/classes/heap/released:bytes",
		total:    "/memory/classes/total:bytes",
	} {
		s.asked[i].Name = name
	}
	return s
}

// inUse returns the bytes that a collection would leave, but that what is new since
// the last one is not among them.
func (s *sampler) inUse() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	metrics.Read(s.asked)
	of := func(i int) int64 { return int64(s.asked[i].Value.Uint64()) }
	held := of(total) - of(released)
	garbage := max(0, of(objects)-of(live))
	return held - of(free) - garbage
}
