package host

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
)

// TestAGroupGrowsAndShrinksUnderWrites goes from one replica to three, replaces one, removes
// the leader, and ends with another single one; all that was acknowledged stays.
func TestAGroupGrowsAndShrinksUnderWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		defer c.close()
		c.start(1, 1)
		c.until("a leader", func() bool { return c.hosts[1].Serving(0) })
		w := c.writes()
		time.Sleep(5 * time.Second) // there is a snapshot, and the log before it is gone
		for n := range uint32(4) {
			if n > 0 {
				c.start(n + 1)
			}
		}
		c.steer([]uint32{1, 2, 3}, nil)
		c.steer([]uint32{1, 2, 4}, nil)
		if err := c.hosts[3].Drop(0); err != nil {
			t.Error(err)
		}
		leader, _ := c.leader()
		var rest []uint32
		for _, n := range []uint32{1, 2, 4} {
			if n != leader {
				rest = append(rest, n)
			}
		}
		c.steer(rest, []uint32{leader}) // now it learns
		if err := c.hosts[3].Start(0, nil); err != nil {
			t.Error(err)
		}
		c.steer([]uint32{rest[0], rest[1], 3}, nil)
		time.Sleep(time.Second)
		w.end()
		c.agree(rest[0], rest[1], 3)
		c.steer([]uint32{3}, nil)
		time.Sleep(time.Minute) // its lease does not end
		if leader, _ := c.leader(); leader != 3 {
			t.Errorf("node %d leads the group of node 3", leader)
		}
	})
}

// TestSteeringGoesOnThroughCrashes crashes a node every now and then, whatever is going on,
// while the group is brought from one configuration to another: each is reached, and nothing
// that was acknowledged is lost.
func TestSteeringGoesOnThroughCrashes(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { crashWhileSteering(t, seed) })
		})
	}
}

func crashWhileSteering(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	c := newCluster(t)
	defer c.close()
	c.start(1, 1)
	c.until("a leader", func() bool { return c.hosts[1].Serving(0) })
	w := c.writes()
	for n := uint32(2); n <= 4; n++ {
		c.start(n)
	}
	nodes, now := []uint32{1, 2, 3, 4}, []uint32{1}
	for range 3 {
		r.Shuffle(len(nodes), func(i, k int) { nodes[i], nodes[k] = nodes[k], nodes[i] })
		want, learners := slices.Clone(nodes[:3]), slices.Clone(nodes[3:][:r.IntN(2)])
		for _, h := range c.hosts {
			h.Steer(0, want, learners)
		}
		for range 2 { // a quorum of what there was comes back each time
			time.Sleep(time.Duration(r.IntN(2000)) * time.Millisecond)
			victim := nodes[r.IntN(len(nodes))]
			c.crash(victim)
			time.Sleep(time.Duration(r.IntN(5000)) * time.Millisecond)
			var founders []uint32
			if victim == 1 {
				founders = []uint32{1} // as it was told the first time
			}
			c.start(victim, founders...).Steer(0, want, learners)
		}
		c.steer(want, learners)
		now = want
		for n, h := range c.hosts { // who is out forgets, and comes back as a stranger
			if !slices.Contains(slices.Concat(want, learners), n) {
				if err := h.Drop(0); err != nil {
					t.Error(err)
				}
				if err := h.Start(0, nil); err != nil {
					t.Error(err)
				}
			}
		}
	}
	w.end()
	c.agree(now...)
}

// TestNextStep has one row for each situation that a configuration can be in.
func TestNextStep(t *testing.T) {
	conf := func(voters, learners []uint32) raft.Configuration {
		c := raft.Configuration{Servers: servers(voters...)}
		for _, s := range servers(learners...) {
			s.Suffrage = raft.Nonvoter
			c.Servers = append(c.Servers, s)
		}
		return c
	}
	type nodes = []uint32
	for name, r := range map[string]struct {
		voters, learners     nodes // that there are
		wantVoters, wantLean nodes
		ready                nodes
		does                 action
		to                   uint32
		more                 bool
	}{
		"as wished":            {nodes{1, 2}, nodes{3}, nodes{1, 2}, nodes{3}, nil, nothing, 0, false},
		"a new voter learns":   {nodes{1}, nil, nodes{1, 2}, nil, nil, addLearner, 2, true},
		"a learner is added":   {nodes{1}, nil, nodes{1}, nodes{4}, nil, addLearner, 4, true},
		"it has to catch up":   {nodes{1}, nodes{2}, nodes{1, 2}, nil, nil, nothing, 0, true},
		"it has caught up":     {nodes{1}, nodes{2}, nodes{1, 2}, nil, nodes{2}, addVoter, 2, true},
		"who goes waits":       {nodes{1, 2}, nodes{3}, nodes{1, 3}, nil, nil, nothing, 0, true},
		"who goes may go":      {nodes{1, 2, 3}, nil, nodes{1, 3}, nil, nil, remove, 2, true},
		"a learner goes":       {nodes{1}, nodes{2, 3}, nodes{1, 2}, nil, nil, remove, 3, true},
		"a voter is to learn":  {nodes{1, 2}, nil, nodes{1}, nodes{2}, nil, demote, 2, true},
		"the leader goes":      {nodes{1, 2}, nil, nodes{2}, nil, nodes{2}, handOver, 2, true},
		"nobody to take over":  {nodes{1, 2}, nil, nodes{2}, nil, nil, nothing, 0, true},
		"the leader goes last": {nodes{1, 2, 3}, nil, nodes{2}, nil, nodes{2}, remove, 3, true},
		"it waits, too":        {nodes{1}, nodes{2}, nodes{2}, nil, nil, nothing, 0, true},
	} {
		w := wish{r.wantVoters, r.wantLean}
		does, to, more := w.next(conf(r.voters, r.learners), serverID(1), func(id raft.ServerID) bool {
			for _, n := range r.ready {
				if serverID(n) == id {
					return true
				}
			}
			return false
		})
		if does != r.does || nodeOf(to) != r.to || more != r.more {
			t.Errorf("%s: %v of %s, %v", name, does, to, more)
		}
	}
}
