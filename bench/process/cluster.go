package process

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Place is where a node of a cluster is: what it listens on and how it is reached.
type Place struct {
	Client    string // host:port, like those that follow
	HTTP      string
	Peer      string
	Advertise string // where its peers reach it; "" is at Peer
	Zone      string // "": none
	Namespace string // the network namespace: see Command
	// Parent is the directory to make the node's data directory in; "" is the cluster's.
	Parent string
}

// ClusterOptions says how to run a cluster.
type ClusterOptions struct {
	Program string // the executable; "": the one that is running
	Dir     string // for the secrets and the data directories
	Places  []Place
	Args    []string // more arguments for each node
}

// Cluster is nodes of this program that know each other. Its nodes are independent: those
// of different nodes may be killed and started at the same time.
type Cluster struct {
	Nodes []*Node // node 1 first
	Key   string  // the server key that all take

	options ClusterOptions
	secrets []string // arguments that name them
	admin   string   // the admin token that all take
}

// Node is one process of a cluster.
type Node struct {
	*Throng
	Place Place

	cluster *Cluster
	number  int // from 1: its place in Nodes, and not what the cluster calls it
	founder bool
}

// NewCluster makes what a cluster needs, none of whose nodes runs yet.
func NewCluster(ctx context.Context, o ClusterOptions) (*Cluster, error) {
	c := &Cluster{options: o}
	if err := c.makeSecrets(ctx); err != nil {
		return nil, err
	}
	for i, place := range o.Places {
		n := &Node{Place: place, cluster: c, number: i + 1, founder: i == 0}
		parent := o.Dir
		if place.Parent != "" {
			parent = place.Parent
		}
		var err error
		n.Throng, err = newThrong(ThrongOptions{
			Program: o.Program, Dir: filepath.Join(parent, fmt.Sprintf("node-%d", n.number)),
			Client: place.Client, HTTP: place.HTTP, Namespace: place.Namespace,
			KeyFile: filepath.Join(o.Dir, keysDir, keyFile),
		})
		if err != nil {
			return nil, err
		}
		c.Nodes = append(c.Nodes, n)
	}
	return c, nil
}

// StartCluster starts a cluster and returns once all its nodes serve and are ready. End it.
func StartCluster(ctx context.Context, o ClusterOptions) (*Cluster, error) {
	c, err := NewCluster(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := c.Start(ctx); err != nil {
		c.Kill()
		return nil, err
	}
	return c, nil
}

// Start starts the founder, then the others at the same time, and returns once all are
// ready. On an error some may run.
func (c *Cluster) Start(ctx context.Context) error {
	if err := c.Nodes[0].Start(ctx); err != nil {
		return err
	}
	c.Key = c.Nodes[0].Key
	if err := c.each(c.Nodes[1:], func(n *Node) error { return n.Start(ctx) }); err != nil {
		return err
	}
	return c.Ready(ctx)
}

// each does something to nodes at the same time.
func (c *Cluster) each(nodes []*Node, do func(*Node) error) error {
	errs := make([]error, len(nodes))
	var wg sync.WaitGroup
	for i, n := range nodes {
		wg.Go(func() {
			if err := do(n); err != nil {
				errs[i] = fmt.Errorf("node %d: %w", n.number, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

const (
	keysDir    = "keys"
	adminFile  = "admin.token"
	secretFile = "cluster.secret"
)

// makeSecrets makes the secrets that all nodes share.
func (c *Cluster) makeSecrets(ctx context.Context) error {
	program := c.options.Program
	if program == "" {
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("find this program's executable: %w", err)
		}
		program = self
	}
	dir := filepath.Join(c.options.Dir, keysDir)
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "keys", dir)
	cmd.Stderr = &stderr
	flags, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("make the keys of a cluster: %w: %s", err, stderr.Bytes())
	}
	secret := make([]byte, 32)
	rand.Read(secret) // never fails
	path := filepath.Join(dir, secretFile)
	if err := os.WriteFile(path, []byte(hex.EncodeToString(secret)+"\n"), 0o600); err != nil {
		return fmt.Errorf("make the secret of a cluster: %w", err)
	}
	c.secrets = append(strings.Fields(string(flags)), "--cluster-secret-file", path)
	token, err := os.ReadFile(filepath.Join(dir, adminFile))
	if err != nil {
		return fmt.Errorf("read the admin token: %w", err)
	}
	c.admin = strings.TrimSpace(string(token))
	return nil
}

// Addrs are where the nodes serve clients.
func (c *Cluster) Addrs() []string {
	var all []string
	for _, n := range c.Nodes {
		all = append(all, n.Addr)
	}
	return all
}

// readyPause is how often nodes are asked whether they are ready.
const readyPause = 50 * time.Millisecond

// Ready waits until all nodes say that they are ready, for at most ReadyWait.
func (c *Cluster) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, ReadyWait)
	defer cancel()
	return c.each(c.Nodes, func(n *Node) error { return n.Ready(ctx) })
}

// Kill ends all nodes with SIGKILL.
func (c *Cluster) Kill() {
	for _, n := range c.Nodes {
		n.Kill()
	}
}

// Stop ends all nodes with SIGTERM, at the same time.
func (c *Cluster) Stop(ctx context.Context) error {
	return c.each(c.Nodes, func(n *Node) error { return n.Stop(ctx) })
}
