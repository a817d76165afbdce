package meta

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const deadAfter = 15 * time.Second

// play is a cluster in which everything but the meta group's own code is played: processes
// that run or not, and groups that change as their leaders steer them.
type play struct {
	*log
	up      map[uint32]bool  // processes that run
	seen    map[uint32]int64 // when each gave a sign of life
	leaders map[int]uint32
	index   uint64
}

func newPlay(shards int) *play {
	p := &play{log: newLog(), up: map[uint32]bool{1: true}, seen: map[uint32]int64{}, leaders: map[int]uint32{}}
	if _, err := p.do(found(shards)); err != nil {
		panic(err)
	}
	p.steerAll()
	return p
}

// add lets a new node join and start.
func (p *play) add(zone string) uint32 {
	n := len(p.up) + 1
	r, err := p.do(&Join{profile(n, zone)})
	if err != nil || r.Number != uint32(n) {
		panic(fmt.Sprint(r, err))
	}
	p.start(r.Number)
	return r.Number
}

// start starts a node, as its next incarnation.
func (p *play) start(number uint32) {
	n := p.Topology().Node(number)
	inc := n.Incarnation + 1
	if _, err := p.do(&Start{Number: number, Incarnation: inc, Nonce: inc, Profile: n.Profile}); err != nil {
		panic(err)
	}
	p.up[number] = true
}

// world is what a meta leader that has listened for long knows.
func (p *play) world() World {
	for n, up := range p.up {
		if up {
			p.seen[n] = p.at
		}
	}
	return World{Now: p.at, Seen: maps.Clone(p.seen), DeadAfter: deadAfter, Leaders: p.leaders}
}

// crew is the nodes as the plan sees them.
func (p *play) crew() *crew {
	w := p.world()
	return newCrew(p.Topology(), w.lives)
}

// alive counts the members of a group whose processes run.
func (p *play) alive(group []uint32) (n int) {
	for _, m := range group {
		if p.up[m] {
			n++
		}
	}
	return n
}

// steer takes one step of a group towards where it should be, as a leader would that has a
// majority: members that are caught up come in one at a time, then dead ones go, then others.
func (p *play) steer(c *Configuration, voters, learners []uint32) bool {
	if 2*p.alive(c.Voters) <= len(c.Voters) {
		return false
	}
	next := Configuration{Term: 1, Learners: learners}
	in := slices.IndexFunc(voters, func(n uint32) bool { return !slices.Contains(c.Voters, n) && p.up[n] })
	switch {
	case in >= 0:
		next.Voters = with(c.Voters, voters[in])
	default:
		missing := slices.ContainsFunc(voters, func(n uint32) bool { return !slices.Contains(c.Voters, n) })
		rest := slices.DeleteFunc(slices.Clone(c.Voters), func(n uint32) bool { return slices.Contains(voters, n) })
		slices.SortStableFunc(rest, func(a, b uint32) int { return p.alive([]uint32{a}) - p.alive([]uint32{b}) })
		if missing || len(rest) == 0 {
			next.Voters = c.Voters
		} else {
			next.Voters = without(c.Voters, rest[0])
		}
	}
	if slices.Equal(next.Voters, c.Voters) && slices.Equal(next.Learners, c.Learners) {
		return false
	}
	if 2*p.alive(next.Voters) <= len(next.Voters) {
		return false // a leader lets nobody go without whom too few would answer it
	}
	p.index++
	next.Index = p.index
	*c = next
	return true
}

// steerAll takes one step of each group and reports it.
func (p *play) steerAll() (changed bool) {
	t := p.Topology()
	for i := range t.Shards {
		c := t.Shards[i].Configuration
		if len(c.Voters) == 0 {
			c.Voters = []uint32{1}
			c.Term, c.Index = 1, 1
		} else if !p.steer(&c, t.Shards[i].Replicas, nil) {
			continue
		}
		changed = true
		p.must(&Report{Shard: i, Configuration: c})
	}
	c := t.Meta
	if len(c.Voters) == 0 {
		p.must(&Report{Shard: MetaGroup, Configuration: Configuration{Term: 1, Index: 1, Voters: []uint32{1}}})
		return true
	}
	if voters, learners := Voters(t); p.steer(&c, voters, learners) {
		changed = true
		p.must(&Report{Shard: MetaGroup, Configuration: c})
	}
	return changed
}

func (p *play) must(c Command) {
	if _, err := p.do(c); err != nil {
		panic(fmt.Sprintf("%+v: %v", c, err))
	}
}

// propose lets what is planned take effect, but for what is lost, and returns the plan.
func (p *play) propose(t interface{ Fatalf(string, ...any) }, lost func() bool) []Command {
	commands, w := Plan(p.Topology(), p.world()), p.world()
	for _, c := range commands {
		if lost() {
			continue
		}
		before := p.Topology()
		if _, err := p.do(c); err != nil {
			t.Fatalf("the plan's %+v was refused: %v", c, err)
		}
		place, is := c.(*Place)
		if !is {
			continue
		}
		was, now := before.Shards[place.Shard].Replicas, place.Replicas
		crew := newCrew(p.Topology(), w.lives)
		if crew.able(was) && !crew.able(now) {
			t.Fatalf("shard %d with replicas on %v had a live majority, and has none on %v", place.Shard, was, now)
		}
		if len(now)%2 == 0 {
			t.Fatalf("shard %d was given an even number of replicas: %v", place.Shard, now)
		}
	}
	return commands
}

// rest plans until there is nothing left to plan.
func (p *play) rest(t interface{ Fatalf(string, ...any) }, lost func() bool) {
	for range 10000 {
		p.at += deadAfter.Microseconds() / 4
		commands := p.propose(t, lost)
		if !p.steerAll() && len(commands) == 0 && p.quiet() {
			return
		}
	}
	t.Fatalf("the plan does not come to rest: %+v", Plan(p.Topology(), p.world()))
}

// quiet says whether time alone would change nothing.
func (p *play) quiet() bool {
	w := p.world()
	w.Now += 2 * deadAfter.Microseconds()
	for n, up := range p.up {
		if up {
			w.Seen[n] = w.Now
		}
	}
	return len(Plan(p.Topology(), w)) == 0
}

// check says whether a cluster at rest is as it should be.
func (p *play) check(t interface{ Fatalf(string, ...any) }) {
	top := p.Topology()
	w := p.world()
	crew := newPlacement(top, &w)
	zones := map[string]bool{}
	for _, n := range crew.live {
		zones[crew.zone(n)] = true
	}
	whole := true
	for i := range top.Shards {
		s := &top.Shards[i]
		if checkRising(s.Replicas) != nil {
			t.Fatalf("shard %d has replicas on %v", i, s.Replicas)
		}
		if !crew.able(s.group()) {
			whole = false
			continue // nothing can be done
		}
		if len(s.Replicas) != crew.size(len(s.Replicas), top.Replicas) || !s.Settled() {
			t.Fatalf("shard %d rests with replicas on %v, voters %v", i, s.Replicas, s.Voters)
		}
		if crew.lost(s.Replicas) && crew.best(s.Replicas) != 0 {
			t.Fatalf("shard %d keeps a dead replica of %v though there is a spare node", i, s.Replicas)
		}
		if !crew.allLive(s.Replicas) {
			whole = false
			continue
		}
		if want := min(len(s.Replicas), len(zones)); crew.zones(s.Replicas) != want {
			t.Fatalf("shard %d on %v is in %d zones, want %d", i, s.Replicas, crew.zones(s.Replicas), want)
		}
	}
	if whole && len(zones) == 1 {
		least, most := 1<<30, 0
		for _, n := range crew.live {
			least, most = min(least, crew.load[n]), max(most, crew.load[n])
		}
		if most-least > 1 {
			t.Fatalf("nodes hold %d to %d replicas", least, most)
		}
	}
	p.checkMeta(t, crew.crew, len(zones))
	p.checkLeaders(t)
}

func (p *play) checkMeta(t interface{ Fatalf(string, ...any) }, crew *crew, zones int) {
	c := p.Topology().Meta
	if !crew.able(c.Voters) {
		return
	}
	if len(c.Voters)%2 == 0 || len(c.Voters) > VotersMax || len(c.Voters) < odd(min(VotersMax, len(crew.live))) {
		t.Fatalf("the meta group has voters %v of %d live nodes", c.Voters, len(crew.live))
	}
	if crew.lost(c.Voters) && crew.best(c.Voters) != 0 {
		t.Fatalf("the meta group keeps a dead voter of %v", c.Voters)
	}
	if crew.allLive(c.Voters) && crew.zones(c.Voters) != min(len(c.Voters), zones) {
		t.Fatalf("the meta group's voters %v are in %d zones of %d", c.Voters, crew.zones(c.Voters), zones)
	}
}

// checkLeaders lets leaderships move as they should, from where they happen to be.
func (p *play) checkLeaders(t interface{ Fatalf(string, ...any) }) {
	top := p.Topology()
	clear(p.leaders)
	movable := true
	for i := range top.Shards {
		s := &top.Shards[i]
		movable = movable && s.Settled() && len(s.Voters) == len(p.crew().live)
		for _, n := range s.Voters {
			if top.Is(n, Live) {
				p.leaders[i] = n // the last one leads too many
			}
		}
	}
	for _, m := range Leaders(top, p.world()) {
		if p.leaders[m.Shard] != m.From || !slices.Contains(top.Shards[m.Shard].Voters, m.To) || !top.Is(m.To, Live) {
			t.Fatalf("a transfer that cannot be: %+v", m)
		}
		p.leaders[m.Shard] = m.To
	}
	if again := Leaders(top, p.world()); len(again) > 0 {
		t.Fatalf("leaders do not come to rest: %+v", again)
	}
	count := map[uint32]int{}
	for _, n := range p.leaders {
		count[n]++
	}
	for _, a := range p.crew().live {
		for _, b := range p.crew().live {
			if movable && count[a]-count[b] > 1 {
				t.Fatalf("node %d leads %d shards, node %d %d", a, count[a], b, count[b])
			}
		}
	}
}

func TestPlanComesToRest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPlay(rapid.IntRange(1, 12).Draw(t, "shards"))
		zones := rapid.SampledFrom([][]string{{"a"}, {"a", "b"}, {"a", "b", "c"}, {"a", "a", "a", "b"}}).
			Draw(t, "zones")
		dice := rapid.IntRange(0, 99)
		lossy := func() bool { return dice.Draw(t, "lost") < 30 }
		never := func() bool { return false }
		for range rapid.IntRange(0, 25).Draw(t, "steps") {
			n := uint32(rapid.IntRange(1, len(p.up)).Draw(t, "node"))
			switch known := p.Topology().Node(n); rapid.IntRange(0, 7).Draw(t, "what") {
			case 0, 1:
				if len(p.up) < 9 {
					p.add(rapid.SampledFrom(zones).Draw(t, "zone"))
				}
			case 2:
				p.up[n] = false
			case 3:
				if known.State == Live {
					p.must(&Leave{Number: n, Incarnation: known.Incarnation})
					p.up[n] = false
				}
			case 4:
				p.start(n)
			case 5:
				p.must(&SetReplicas{Replicas: rapid.IntRange(1, 6).Draw(t, "replicas"), Version: p.Topology().Version})
			case 6:
				p.at += rapid.Int64Range(0, deadAfter.Microseconds()).Draw(t, "wait")
			case 7:
				for _, c := range p.propose(t, lossy) { // repeated late: refused, or of no effect
					_, _ = p.do(c)
				}
				p.steerAll()
			}
		}
		p.rest(t, lossy)
		p.rest(t, never)
		p.check(t)
		for n := range p.up { // everybody comes back
			if !p.up[n] {
				p.start(n)
			}
		}
		p.rest(t, never)
		p.check(t)
	})
}
