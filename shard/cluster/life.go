package cluster

import (
	"sync/atomic"
	"time"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/shard"
	"github.com/thronggrid/throng/shard/host"
	"github.com/thronggrid/throng/shard/meta"
)

const (
	// beatsPerDeath is how many signs of life a node gives in the time after which it would
	// be declared dead, but beatMax apart at the most.
	beatsPerDeath = 10
	beatMax       = time.Second
	// levelMin is the lowest feature level that this program can work at.
	levelMin = 1
	// registerPause is how long a start that could not be registered waits.
	registerPause = 20 * time.Millisecond
)

// life is what this node does to count as alive. All but the atomics belongs to the
// goroutine of live.
type life struct {
	every time.Duration // between two signs of life

	registering atomic.Bool   // an answer is awaited
	registered  atomic.Bool   // this start counts
	since       atomic.Uint64 // version of the topology that has this start; before registered
	failed      atomic.Value  // error: the last one that was logged, as text
	answered    atomic.Int64  // µs: when the newest sign of life was sent that was answered
	dead        atomic.Bool   // it was answered that this incarnation is dead

	cut bool // the gateway was told that it is cut off
}

func (l *life) begin(n *Node) {
	l.every = min(n.options.DeadAfter/beatsPerDeath, beatMax)
	l.answered.Store(n.clock.Micros())
}

// live gives signs of life until the node is closed.
func (n *Node) live() {
	for {
		pause := n.life.every
		switch {
		case n.life.registered.Load():
			n.beat()
			n.reconcile()
		case n.life.registering.CompareAndSwap(false, true):
			n.register()
			pause = registerPause
		}
		n.fence()
		late := n.after(pause)
		select {
		case <-late.c:
		case <-n.orders.wake:
			late.stop()
			n.obey()
		case <-n.stop:
			late.stop()
			return
		}
	}
}

// profile is what this node says of itself.
func (n *Node) profile() meta.Profile {
	a := &n.options.Addresses
	return meta.Profile{Identity: n.is.identity, Peer: a.Peer, Client: a.Client, HTTP: a.HTTP,
		Zone: n.options.Zone, LevelMin: levelMin, LevelMax: shard.Level}
}

// register tells the meta group of this start. A founder first makes the topology.
func (n *Node) register() {
	if n.meta.Topology().Version == 0 && n.founder() {
		n.found()
		return
	}
	at := n.host.Origin()
	c := &meta.Start{Number: at.Node(), Incarnation: at.Incarnation(), Nonce: n.nonce,
		Profile: n.profile()}
	n.propose(c, func(reply []byte, err error) {
		defer n.life.registering.Store(false)
		var r meta.Reply
		if err == nil {
			err = r.Decode(reply)
		}
		switch {
		case err == nil:
			n.life.since.Store(r.Version)
			n.life.answered.Store(n.clock.Micros())
			n.life.registered.Store(true)
			n.kick()
		case refusedForGood(err):
			n.end(err)
		default:
			n.waitsFor("register this start with the cluster", err)
		}
	})
}

// found proposes the first topology of a new cluster.
func (n *Node) found() {
	o := &n.options
	c := &meta.Found{Cluster: n.is.cluster, Incarnation: n.host.Incarnation(), Nonce: n.nonce,
		Founder: n.profile(), Level: 1, Replicas: o.Replicas, Table: o.Table}
	n.propose(c, func(_ []byte, err error) {
		defer n.life.registering.Store(false)
		if err != nil && refusedForGood(err) {
			n.end(err)
		}
	})
}

// waitsFor logs what a start waits for, once for each reason, unless it has just begun.
func (n *Node) waitsFor(what string, err error) {
	text := err.Error()
	if n.sinceStart() < patience {
		return
	}
	if last, _ := n.life.failed.Swap(text).(string); last != text {
		n.log.Info("waiting to "+what, "error", err)
	}
}

// beat gives a sign of life.
func (n *Node) beat() {
	sent := n.clock.Micros()
	s := beat{origin: n.host.Origin(), sessions: uint64(n.options.Sessions()),
		replicas: n.replicas()}
	n.ask(s.append(appendSubject(nil, aboutBeat, 1)), func(body []byte, err error) {
		if err != nil {
			return
		}
		in := pack.NewCursor(body)
		more := in.Fields(1)
		alive := in.Bool()
		if in.End(more) != nil {
			return
		}
		if !alive {
			n.life.dead.Store(true)
			n.end(ErrDead)
			return
		}
		for was := n.life.answered.Load(); was < sent; was = n.life.answered.Load() {
			if n.life.answered.CompareAndSwap(was, sent) {
				break
			}
		}
	})
}

// replicas returns how the groups of this node are.
func (n *Node) replicas() (out []Replica) {
	for group := range host.MetaGroup + 1 {
		if s, ok := n.host.Status(group); ok {
			out = append(out, Replica{Group: group, Term: s.Term, Leads: s.Serves,
				Applied: s.Applied, Last: s.Last, Index: s.ConfigurationIndex,
				Voters: s.Voters, Learners: s.Learners})
		}
	}
	return out
}

// takeBeat is the meta leader's part: a sign of life counts from when it came.
func (n *Node) takeBeat(in *pack.Cursor, answer func([]byte)) {
	var s beat
	if err := s.decode(in); err != nil {
		answer(refused(fault.New(fault.InvalidArgument, "%v", err)))
		return
	}
	if !n.leads() {
		answer(askAnother(n.leaderBut(n.is.number)))
		return
	}
	at := n.meta.Topology().Node(s.origin.Node())
	alive := at != nil && at.State == meta.Live && at.Incarnation == s.origin.Incarnation()
	if alive {
		n.signs.note(&s, n.clock.Micros())
	}
	if !n.leads() { // I4: an answer counts, so the topology must have been the newest
		answer(askAnother(n.leaderBut(n.is.number)))
		return
	}
	answer(done(pack.AppendBool(pack.AppendArray(nil, 1), alive)))
}

// fence cuts the gateway off when this node may have been declared dead, and lets it serve
// again when it is known to live.
func (n *Node) fence() {
	l := &n.life
	silent := time.Duration(n.clock.Micros()-l.answered.Load()) * time.Microsecond
	cut := l.dead.Load() || silent > n.options.DeadAfter/2
	if cut == l.cut {
		return
	}
	l.cut = cut
	if cut {
		n.log.Error("cut off from the cluster: sessions are closed, so that they can be resumed "+
			"on another node", "silent", silent.Round(time.Millisecond))
	} else {
		n.log.Info("back in the cluster: clients are served again")
	}
	n.options.Cut(cut)
}
