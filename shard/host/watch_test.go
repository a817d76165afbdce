package host

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/leaderboard"
)

// Who watches is told what commands were about, over all shards, and nothing of what
// came before or after.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, vfs.NewMem(), nil)
		c := newCaller(t, h)
		for i := range 40 {
			name := fmt.Sprint("b", i)
			c.write(name, leaderboard.KindCreate, createBody(name))
		}
		found := make(chan *Heat)
		go func() {
			heat, err := h.Watch(context.Background(), time.Second)
			if err != nil {
				t.Error(err)
			}
			found <- heat
		}()
		synctest.Wait()
		if _, err := h.Watch(context.Background(), time.Second); fault.Of(err).Code != fault.ResourceExhausted {
			t.Errorf("the second watch: %v", err)
		}
		for i := range 40 {
			for range i {
				name := fmt.Sprint("b", i)
				c.write(name, leaderboard.KindSubmit, submitBody(name, 1, 1))
			}
		}
		heat := <-found
		c.write("b0", leaderboard.KindSubmit, submitBody("b0", 1, 1))
		if heat.Commands != 39*40/2 || len(heat.Boards) != WatchTop || len(heat.Slots) != WatchTop ||
			heat.Micros < time.Second.Microseconds() || len(heat.Users) != 0 {
			t.Errorf("%+v", heat)
		}
		for i, b := range heat.Boards {
			want := Hot{Name: fmt.Sprint("b", 39-i), Commands: uint64(39 - i)}
			want.Slot = grid.SlotOf(want.Name)
			if b != want {
				t.Errorf("%+v, want %+v", b, want)
			}
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWatchEndsEarly(t *testing.T) {
	h := open(t, vfs.NewMem(), nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := h.Watch(ctx, time.Minute); err != nil {
		t.Error(err)
	}
	var e *fault.Error
	if _, err := h.Watch(ctx, 2*time.Minute); !errors.As(err, &e) || e.Code != fault.InvalidArgument {
		t.Errorf("%v", err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Watch(context.Background(), time.Minute); err != nil {
		t.Error(err)
	}
}
