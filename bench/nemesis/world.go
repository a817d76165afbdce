package nemesis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/thronggrid/throng/bench/lan"
	"github.com/thronggrid/throng/bench/power"
	"github.com/thronggrid/throng/bench/process"
	"github.com/thronggrid/throng/bench/report"
)

const (
	// deadAfter is when the others give a silent node up. No fault lasts as long, but that
	// of a node which is wiped.
	deadAfter = 12 * time.Second
	// sessionGrace is how long the session of a lost connection may be resumed.
	sessionGrace = 20 * time.Second
	// diskBytes is the size of each node's disk.
	diskBytes = 512 << 20
)

// world is the cluster, the network between its nodes, and their disks.
type world struct {
	cluster *process.Cluster
	rules   *lan.Rules
	proxies *lan.Proxies    // nil with namespaces
	disks   []*power.Disk   // by node, from 0; none where they cannot be mounted
	fillers []*power.Filler // by node, from 0; nil but of those whose disk is full
	why     []string        // what this machine does not offer
	scratch *process.Scratch
	network io.Closer
	nodes   int
}

// open starts a cluster. End it, whatever it returns but nil.
func open(ctx context.Context, o *Options) (w *world, err error) {
	w = &world{nodes: o.Nodes, fillers: make([]*power.Filler, o.Nodes)}
	if w.scratch, err = process.NewScratch(o.Server.Dir); err != nil {
		return nil, err
	}
	server := o.Server.Program
	if o.Break != "" {
		fmt.Fprintf(o.Log, "building a server with the bug %s\n", o.Break)
		if server, err = build(ctx, w.scratch.Path, o.Break); err != nil {
			return w, err
		}
	}
	places, err := w.lay(ctx)
	if err != nil {
		return w, err
	}
	if err := w.mount(ctx, places); err != nil {
		return w, err
	}
	for _, missing := range w.why {
		fmt.Fprintln(o.Log, missing)
	}
	w.cluster, err = process.NewCluster(ctx, process.ClusterOptions{
		Program: server, Dir: w.scratch.Path, Places: places, Args: []string{
			"--dead-after", deadAfter.String(), "--session-grace", sessionGrace.String(),
		},
	})
	if err != nil {
		return w, err
	}
	fmt.Fprintf(o.Log, "starting %d nodes\n", o.Nodes)
	return w, w.cluster.Start(ctx)
}

// lay lays the network: namespaces where the machine has them, else proxies.
func (w *world) lay(ctx context.Context) ([]process.Place, error) {
	if err := lan.CheckSwitch(); err != nil {
		w.why = append(w.why, fmt.Sprintf("proxies in place of network namespaces: %v", err))
		return w.layProxies()
	}
	s, err := lan.NewSwitch(ctx, w.nodes)
	if err != nil {
		return nil, err
	}
	w.rules, w.network = s.Rules, s
	places := make([]process.Place, w.nodes)
	const client, http, peer = 7400, 7401, 7402
	for i := range places {
		n := i + 1
		places[i] = process.Place{
			Client: s.HostPort(n, client), HTTP: s.HostPort(n, http), Peer: s.HostPort(n, peer),
			Namespace: s.Namespace(n),
		}
	}
	return places, nil
}

func (w *world) layProxies() ([]process.Place, error) {
	places, err := process.Loopback(w.nodes)
	if err != nil {
		return nil, err
	}
	var targets []string
	for _, p := range places {
		targets = append(targets, p.Peer)
	}
	if w.proxies, err = lan.NewProxies(targets, w.whose); err != nil {
		return nil, err
	}
	w.rules, w.network = w.proxies.Rules, w.proxies
	for i := range places {
		places[i].Advertise = w.proxies.Addr(i + 1)
	}
	return places, nil
}

// whose returns the node that an address of this machine belongs to. Only the kernel knows
// it of one that is being started, so that is asked, by the data directories.
func (w *world) whose(addr net.Addr) int {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return lan.Clients
	}
	var pids, nodes []int
	for _, file := range files {
		line, _ := os.ReadFile(file) // of one that has ended meanwhile there is none
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		_, rest, found := strings.Cut(string(line), w.scratch.Path)
		if err != nil || !found {
			continue
		}
		_, rest, _ = strings.Cut(rest, "/node-")
		number, _, _ := strings.Cut(rest, "\x00")
		if n, err := strconv.Atoi(number); err == nil && n >= 1 && n <= w.nodes {
			pids, nodes = append(pids, pid), append(nodes, n)
		}
	}
	if i, ok := lan.Whose(addr, pids); ok {
		return nodes[i]
	}
	return lan.Clients
}

// mount gives each node a disk of its own, where this process may mount them.
func (w *world) mount(ctx context.Context, places []process.Place) error {
	if err := power.Check(); err != nil {
		w.why = append(w.why, fmt.Sprintf("no power is cut and no disk is full: %v", err))
		return nil
	}
	for i := range places {
		dir, err := w.scratch.Dir(fmt.Sprintf("disk-of-%d", i+1))
		if err != nil {
			return err
		}
		d, err := power.New(ctx, dir, diskBytes)
		if err != nil {
			return err
		}
		w.disks = append(w.disks, d)
		places[i].Parent = d.Mount()
	}
	return nil
}

// ended returns how nodes ended by themselves which should run.
func (w *world) ended() (all []string) {
	for _, n := range w.cluster.Nodes {
		child := n.Process()
		if child == nil {
			continue
		}
		select {
		case <-child.Done():
			all = append(all, fmt.Sprintf("node %d: %v", n.Number(), child.Ended()))
		default:
		}
	}
	return all
}

func (w *world) describe(e *report.Env) {
	e.Versions["throng"] = w.cluster.Nodes[0].Version()
	e.Versions["network"] = "network namespaces"
	if w.proxies != nil {
		e.Versions["network"] = "proxies on 127.0.0.1"
	}
	e.Versions["data directory"] = process.FileSystem(w.scratch.Path)
	if len(w.disks) > 0 {
		e.Versions["data directory"] = "ext4 on a loop device each, on " +
			process.FileSystem(w.scratch.Path)
	}
}

// end ends a run whose error is *err: see process.Host.End.
func (w *world) end(ctx context.Context, err *error) {
	if w.cluster != nil {
		if *err != nil {
			w.cluster.Kill() // nobody asks how they would have ended
		}
		*err = errors.Join(*err, w.cluster.Stop(ctx))
		w.cluster.Kill()
	}
	*err = process.Outcome(ctx, *err)
	if w.network != nil {
		*err = errors.Join(*err, w.network.Close())
	}
	for _, n := range w.fillers {
		if n != nil { // it must not keep its disk from being unmounted
			*err = errors.Join(*err, n.Release())
		}
	}
	for _, d := range w.disks {
		*err = errors.Join(*err, d.Close())
	}
	*err = errors.Join(*err, w.scratch.Close())
}
