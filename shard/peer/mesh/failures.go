package mesh

import (
	"sync"

	"github.com/thronggrid/throng/shard/peer"
)

// failures tells callers of calls that could not be sent, on a goroutine of its own that
// lives while there are any: a caller may hold a lock that its done takes.
type failures struct {
	mu struct {
		sync.Mutex
		waiting []failure
		telling bool
	}
	running sync.WaitGroup
}

type failure struct {
	done peer.Done
	err  error
}

func (f *failures) add(done peer.Done, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mu.waiting = append(f.mu.waiting, failure{done, err})
	if !f.mu.telling {
		f.mu.telling = true
		f.running.Add(1)
		go f.tell()
	}
}

func (f *failures) addAll(calls map[uint64]peer.Done, err error) {
	for _, done := range calls {
		f.add(done, err)
	}
}

func (f *failures) tell() {
	defer f.running.Done()
	for {
		f.mu.Lock()
		now := f.mu.waiting
		f.mu.waiting = nil
		f.mu.telling = len(now) > 0
		f.mu.Unlock()
		if len(now) == 0 {
			return
		}
		for _, w := range now {
			w.done(nil, w.err)
		}
	}
}

// wait returns when all that was added was told.
func (f *failures) wait() { f.running.Wait() }
