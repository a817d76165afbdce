package host

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
)

// hooked is a transport without peers that offers a Hook, as that between nodes does.
type hooked struct {
	*raft.InmemTransport
	taken chan raft.RPC
}

func (t *hooked) Consumer() <-chan raft.RPC { return t.taken }
func (t *hooked) Screen(func(any) error)    {}
func (t *hooked) Inject(rpc raft.RPC)       { t.taken <- rpc }

// TestAnIdleReplicaIsSmall: a node has many.
func TestAnIdleReplicaIsSmall(t *testing.T) {
	const replicas, goroutinesMax, heapBytesMax = 256, 5, 64 << 10 // four of the goroutines are Raft's
	synctest.Test(t, func(t *testing.T) {
		h := openShards(t, vfs.NewMem(), 1, func(o *Options) {
			o.Transport = func(uint32) raft.Transport {
				_, inner := raft.NewInmemTransport("node-1")
				return &hooked{inner, make(chan raft.RPC)}
			}
		})
		goroutines, heap := held()
		startMore(t, h, replicas)
		more, after := held()
		if n := more - goroutines; n > replicas*goroutinesMax {
			t.Errorf("%d goroutines for %d idle replicas", n, replicas)
		}
		each := int64(after-heap) / replicas
		t.Logf("%d bytes, %d goroutines each", each, (more-goroutines)/replicas)
		if each > heapBytesMax {
			t.Errorf("%d bytes for each of %d idle replicas", each, replicas)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}

// startMore starts replicas beside the first shard's.
func startMore(t *testing.T, h *Host, n int) {
	t.Helper()
	for i := range n {
		if err := h.Start(i+1, []uint32{1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
	synctest.Wait()
}

// held returns the goroutines that there are, and the bytes of the heap in use.
func held() (goroutines int, bytes uint64) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), m.HeapAlloc
}
