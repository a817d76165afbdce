package netio

import (
	"sync"
	"sync/atomic"

	"github.com/thronggrid/throng/grid"
)

const (
	// UsersRestingMax is how many users without a connection may be remembered whose
	// bucket of requests is not full yet.
	UsersRestingMax = 1 << 16

	userShards = 64
	usersSwept = 4 // looked at when another comes
)

// user is what is kept of a user with connections that have asked for something: one
// bucket for them all, wherever they are.
type user struct {
	bucket atomic.Int64
	conns  int // under the lock of its shard
}

// take is rate.take on the bucket, and returns it as it is then as well.
func (u *user) take(r *rate, now int64) (after, over int64) {
	for {
		before := u.bucket.Load()
		after, over = r.take(before, now)
		if u.bucket.CompareAndSwap(before, after) {
			return after, over
		}
	}
}

// users finds users by their ids. Its locks are taken once in a connection's life and
// at its end.
type users struct{ shards [userShards]userShard }

type userShard struct {
	sync.Mutex
	byID    map[grid.ID]*user
	resting int // of these, those without a connection
}

func (t *users) shard(id *grid.ID) *userShard { return &t.shards[id[len(id)-1]%userShards] }

// add notes a connection of a user.
func (t *users) add(id *grid.ID, now int64) *user {
	s := t.shard(id)
	s.Lock()
	defer s.Unlock()
	u := s.byID[*id]
	if u == nil {
		s.sweep(now)
		if s.byID == nil {
			s.byID = make(map[grid.ID]*user)
		}
		u = new(user)
		s.byID[*id] = u
	} else if u.conns == 0 {
		s.resting--
	}
	u.conns++
	return u
}

// remove notes the end of a connection of a user, who is forgotten when it was the last
// and the bucket is full. Else who connects anew would have a full one each time.
func (t *users) remove(id *grid.ID, u *user, now int64) {
	s := t.shard(id)
	s.Lock()
	defer s.Unlock()
	u.conns--
	switch {
	case u.conns > 0:
	case u.bucket.Load() <= now:
		delete(s.byID, *id)
	default:
		s.resting++
		if s.resting > UsersRestingMax/userShards {
			s.sweep(now)
		}
	}
}

// sweep looks at a few users, which ones is chance, and forgets those who are gone and
// have a full bucket; or do not, when too many are remembered.
func (s *userShard) sweep(now int64) {
	looked := 0
	for id, u := range s.byID {
		full := u.bucket.Load() <= now || s.resting > UsersRestingMax/userShards
		if u.conns == 0 && full {
			delete(s.byID, id)
			s.resting--
		}
		if looked++; looked >= usersSwept && s.resting <= UsersRestingMax/userShards {
			return
		}
	}
}
