package netio

import (
	"encoding/binary"
	"sync"
	"testing"

	"github.com/thronggrid/throng/grid"
)

// userNumber returns users of one shard of the table.
func userNumber(n int) *grid.ID {
	var id grid.ID
	binary.BigEndian.PutUint64(id[:], uint64(n))
	return &id
}

func (t *users) len() (all, resting int) {
	for i := range t.shards {
		all += len(t.shards[i].byID)
		resting += t.shards[i].resting
	}
	return all, resting
}

// All connections of a user share a bucket, which outlives them until it is full.
func TestUsersShareABucket(t *testing.T) {
	var all users
	r := newRate(Rate{PerSecond: 1000, Burst: 3}, "a_rate")
	id, now := userNumber(1), int64(1)
	a, b := all.add(id, now), all.add(id, now)
	for i, u := range []*user{a, b, a, b} {
		if _, over := u.take(&r, now); (over == 0) != (i < 3) {
			t.Fatalf("request %d of a burst of 3 is over by %d", i, over)
		}
	}
	all.remove(id, a, now)
	all.remove(id, b, now)
	if n, resting := all.len(); n != 1 || resting != 1 {
		t.Fatalf("%d users, %d resting: who has an empty bucket is to be remembered", n, resting)
	}
	c := all.add(id, now)
	if _, over := c.take(&r, now); over == 0 {
		t.Error("who comes again has a full bucket")
	}
	if n, resting := all.len(); n != 1 || resting != 0 {
		t.Fatalf("%d users, %d resting", n, resting)
	}
	all.remove(id, c, c.bucket.Load())
	if n, resting := all.len(); n != 0 || resting != 0 {
		t.Errorf("%d users, %d resting: who has a full bucket is to be forgotten", n, resting)
	}
}

// Those who rest are forgotten in time as others come, and are never too many.
func TestUsersAreBounded(t *testing.T) {
	var all users
	const later = int64(1e9)
	for i := range 4 * UsersRestingMax {
		id := userNumber(i << 8) // all in one shard
		u := all.add(id, 1)
		u.bucket.Store(later)
		all.remove(id, u, 1)
		if n, resting := all.len(); n != resting || n > UsersRestingMax/userShards {
			t.Fatalf("%d users, %d resting", n, resting)
		}
	}
	stays := all.add(userNumber(7<<40), 1)
	for i := range 10_000 {
		id := userNumber(i<<8 + 1<<50)
		all.remove(id, all.add(id, later), later)
	}
	if n, resting := all.len(); n != 1 || resting != 0 || all.add(userNumber(7<<40), later) != stays {
		t.Errorf("%d users, %d resting, all but one of which could be forgotten", n, resting)
	}
}

// Goroutines that take from one bucket take no more than is in it.
func TestUserTakesAtOnce(t *testing.T) {
	var u user
	var wg sync.WaitGroup
	var mu sync.Mutex
	admitted := 0
	r := newRate(Rate{PerSecond: 1, Burst: 1000}, "a_rate")
	for range 4 {
		wg.Go(func() {
			mine := 0
			for range 1000 {
				if _, over := u.take(&r, 1); over == 0 {
					mine++
				}
			}
			mu.Lock()
			admitted += mine
			mu.Unlock()
		})
	}
	wg.Wait()
	if admitted != 1000 {
		t.Errorf("%d of a burst of 1000", admitted)
	}
}
