package nemesis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/thronggrid/throng/bench/lan"
	"github.com/thronggrid/throng/bench/power"
	"github.com/thronggrid/throng/bench/process"
)

// trouble is one sort of fault: how it comes over a node, for how long, and how it ends.
type trouble struct {
	name        string
	least, most time.Duration // that it lasts
	// alone: nothing else may be wrong at the time, because it takes a replica, or all
	// nodes in turn.
	alone bool
	begin func(ctx context.Context, w *world, n *process.Node) error
	end   func(ctx context.Context, w *world, n *process.Node) error
}

// What is wrong with slow and lossy lines.
const (
	slowDelay, slowJitter = 40 * time.Millisecond, 80 * time.Millisecond
	loss                  = 0.1
)

// wiped is the trouble that takes a replica for good.
const wiped = "wiped"

// troubles returns all sorts that this world can have.
func (w *world) troubles() []trouble {
	const brief, long = time.Second, 4 * time.Second
	all := []trouble{
		{name: "killed", least: brief, most: 2 * brief, begin: kill, end: start},
		// Longer than a lease: a paused leader wakes up deposed and must not answer.
		{name: "paused", least: 3 * time.Second, most: 8 * time.Second, begin: pause, end: resume},
		w.lines("cut off from its peers", 2*brief, long,
			func(n int, on bool) { w.rules.Isolate(n, lan.Fault{Cut: on}, false) }),
		w.lines("deaf to its peers", 2*brief, long,
			func(n int, on bool) { w.rules.Deafen(n, lan.Fault{Cut: on}) }),
		w.lines("mute to its peers", 2*brief, long,
			func(n int, on bool) { w.rules.Mute(n, lan.Fault{Cut: on}) }),
		w.lines("on slow lines", brief, long, func(n int, on bool) {
			w.rules.Isolate(n, when(on, lan.Fault{Delay: slowDelay, Jitter: slowJitter}), false)
		}),
		w.lines("on lossy lines", brief, long, func(n int, on bool) {
			w.rules.Isolate(n, when(on, lan.Fault{Loss: loss}), false)
		}),
		{name: wiped, least: brief, most: 2 * brief, alone: true, begin: wipe, end: start},
		{name: "all restarted in turn", alone: true, begin: roll, end: nothing},
	}
	if w.proxies == nil {
		all = append(all, w.lines("cut off from all", 2*brief, long,
			func(n int, on bool) { w.rules.Isolate(n, lan.Fault{Cut: on}, true) }))
	} else {
		all = append(all, trouble{name: "connections reset", begin: w.reset, end: nothing})
	}
	if w.nodes >= 5 {
		all = append(all, trouble{name: "killed with another", least: brief, most: 2 * brief,
			alone: true, begin: killTwo, end: startTwo})
	}
	if len(w.disks) > 0 {
		all = append(all, trouble{name: "power cut", least: brief, most: 2 * brief,
			begin: cutPower, end: start},
			trouble{name: "on a full disk", least: brief, most: 3 * brief, begin: fill, end: free})
	}
	return all
}

// lines is a trouble of a node's lines.
func (w *world) lines(
	name string, least, most time.Duration, set func(node int, on bool),
) trouble {
	turn := func(on bool) func(context.Context, *world, *process.Node) error {
		return func(_ context.Context, _ *world, n *process.Node) error {
			set(n.Number(), on)
			return nil
		}
	}
	return trouble{name: name, least: least, most: most, begin: turn(true), end: turn(false)}
}

func when(on bool, f lan.Fault) lan.Fault {
	if on {
		return f
	}
	return lan.Fault{}
}

func nothing(context.Context, *world, *process.Node) error { return nil }

func kill(_ context.Context, _ *world, n *process.Node) error {
	n.Kill()
	return nil
}

func start(ctx context.Context, _ *world, n *process.Node) error { return n.Start(ctx) }

func pause(_ context.Context, _ *world, n *process.Node) error  { return n.Process().Pause() }
func resume(_ context.Context, _ *world, n *process.Node) error { return n.Process().Continue() }

func wipe(_ context.Context, _ *world, n *process.Node) error {
	n.Kill()
	return n.Wipe()
}

// roll restarts all nodes, each when the one before is ready.
func roll(ctx context.Context, w *world, _ *process.Node) error {
	for _, n := range w.cluster.Nodes {
		if err := n.Stop(ctx); err != nil {
			return fmt.Errorf("node %d: %w", n.Number(), err)
		}
		if err := errors.Join(n.Start(ctx), w.cluster.Ready(ctx)); err != nil {
			return fmt.Errorf("node %d: %w", n.Number(), err)
		}
	}
	return nil
}

// other is the node behind this one.
func (w *world) other(n *process.Node) *process.Node {
	return w.cluster.Nodes[n.Number()%len(w.cluster.Nodes)]
}

func killTwo(_ context.Context, w *world, n *process.Node) error {
	n.Kill()
	w.other(n).Kill()
	return nil
}

// startTwo starts both at once: one alone may not do to serve all shards.
func startTwo(ctx context.Context, w *world, n *process.Node) error {
	ended := make(chan error, 1)
	go func() { ended <- w.other(n).Start(ctx) }()
	return errors.Join(n.Start(ctx), <-ended)
}

func (w *world) reset(_ context.Context, _ *world, n *process.Node) error {
	w.proxies.Reset(n.Number())
	return nil
}

// cutPower takes the power from a node: its disk is what had reached it.
func cutPower(ctx context.Context, w *world, n *process.Node) error {
	_, err := w.disks[n.Number()-1].Cut(ctx, n.Kill)
	return err
}

// fill fills a node's disk to the last block.
func fill(ctx context.Context, w *world, n *process.Node) (err error) {
	at := n.Number() - 1
	if w.fillers[at], err = power.NewFiller(w.disks[at].Mount()); err != nil {
		return err
	}
	return w.fillers[at].Fill(ctx, power.AtOnce)
}

// free gives a node its disk back.
func free(_ context.Context, w *world, n *process.Node) error {
	f := w.fillers[n.Number()-1]
	if f == nil {
		return nil
	}
	w.fillers[n.Number()-1] = nil
	return f.Release()
}
