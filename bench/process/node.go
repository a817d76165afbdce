package process

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// Number tells the node among those of its cluster, from 1; it is not what the cluster
// calls it.
func (n *Node) Number() int { return n.number }

// Start runs the node, again after Kill or Stop, and returns once it serves: the first
// start of the first node founds the cluster, all others join it or come back to it.
func (n *Node) Start(ctx context.Context) error {
	if err := n.prepare(); err != nil {
		return err
	}
	err := n.Throng.Start(ctx)
	if err == nil {
		n.founder = false
	}
	return err
}

// StartBriefly runs the node for a while and ends it with SIGKILL: see Throng.
func (n *Node) StartBriefly(ctx context.Context, d time.Duration) error {
	if err := n.prepare(); err != nil {
		return err
	}
	return n.Throng.StartBriefly(ctx, d)
}

// prepare makes the data directory and the arguments of a start.
func (n *Node) prepare() error {
	if err := os.MkdirAll(n.options.Dir, 0o700); err != nil {
		return fmt.Errorf("make a node's data directory: %w", err)
	}
	args := append([]string{"--peer-addr", n.Place.Peer}, n.cluster.secrets...)
	if n.Place.Advertise != "" {
		args = append(args, "--advertise-peer-addr", n.Place.Advertise)
	}
	if n.Place.Zone != "" {
		args = append(args, "--zone", n.Place.Zone)
	}
	if n.founder {
		args = append(args, "--bootstrap")
	} else {
		args = append(args, "--join", strings.Join(n.peers(), ","))
	}
	n.options.Args = append(args, n.cluster.options.Args...)
	return nil
}

// peers are where the other nodes are reached.
func (n *Node) peers() []string {
	var all []string
	for _, other := range n.cluster.Nodes {
		if other != n {
			all = append(all, cmp.Or(other.Place.Advertise, other.Place.Peer))
		}
	}
	return all
}

// Wipe removes all that a node which does not run has stored. Its next start joins the
// cluster as a new one.
func (n *Node) Wipe() error {
	if err := os.RemoveAll(n.options.Dir); err != nil {
		return fmt.Errorf("wipe a node: %w", err)
	}
	return nil
}

// Ready waits until the node says that it is ready, or has ended, or ctx does.
func (n *Node) Ready(ctx context.Context) error {
	var last string // what it said before the time was over
	for {
		child := n.Process()
		if child == nil {
			return fmt.Errorf("the node does not run")
		}
		said, err := n.Get(ctx, "/readyz")
		if err == nil {
			return nil
		}
		select {
		case <-child.Done():
			return child.Ended()
		case <-ctx.Done():
			return fmt.Errorf("the node was not ready in time: %w; it said: %s", ctx.Err(), last)
		default:
			last = fmt.Sprintf("%s%v", said, err)
			Pause(ctx, readyPause)
		}
	}
}

const (
	askIn          = 5 * time.Second // how long a node's HTTP port may take
	answerBytesMax = 16 << 20
)

// Get returns what the node's HTTP port has under a path, asked with the admin token. What
// it says comes with an error, too.
func (n *Node) Get(ctx context.Context, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, askIn)
	defer cancel()
	url := "http://" + n.Place.HTTP + path
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("ask a node: %w", err)
	}
	q.Header.Set("Authorization", "Bearer "+n.cluster.admin)
	direct := &http.Transport{DisableKeepAlives: true} // and no proxy
	a, err := direct.RoundTrip(q)
	if err != nil {
		return nil, fmt.Errorf("ask a node: %w", err)
	}
	defer a.Body.Close()
	said, err := io.ReadAll(io.LimitReader(a.Body, answerBytesMax))
	if err == nil && a.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s says %s", url, a.Status)
	}
	return said, err
}

// Metrics returns the node's metrics by name, those of one name added up.
func (n *Node) Metrics(ctx context.Context) (map[string]float64, error) {
	text, err := n.Get(ctx, "/metrics")
	if err != nil {
		return nil, err
	}
	return parseMetrics(string(text))
}
