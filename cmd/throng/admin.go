package main

import (
	"fmt"
	"log/slog"
	"runtime"

	"github.com/spf13/pflag"

	"github.com/thronggrid/throng/netio/admin"
)

// adminFlags say where the HTTP port is.
type adminFlags struct {
	addr      string
	tokenFile string
}

func (f *adminFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.addr, "http-addr", "127.0.0.1:7401",
		"`host:port` of the HTTP port, for health, metrics and the admin API; empty is none")
	flags.StringVar(&f.tokenFile, "admin-token-file", "",
		"`file` with the admin token (default <data-dir>/admin.token, made at the first start)")
}

func (f *adminFlags) check() error {
	if f.addr == "" {
		return nil
	}
	return checkAddr("--http-addr", f.addr, "127.0.0.1:7401")
}

func (f *adminFlags) checkFree() error {
	if f.addr == "" {
		return nil
	}
	return checkFree("serve HTTP", "--http-addr", f.addr)
}

// adminOptions are what a node's HTTP port is made of.
type adminOptions struct {
	addr      string // empty: there is none
	token     string // 64 hexadecimal digits
	tokenFile string
}

// open reads the admin token, which is made at the first start.
func (f *adminFlags) open(log *slog.Logger, dataDir string) (o adminOptions, err error) {
	if f.addr == "" {
		return o, nil
	}
	o.addr, o.tokenFile = f.addr, adminSecret.in(f.tokenFile, dataDir)
	o.token, err = adminSecret.open(log, f.tokenFile, dataDir)
	return o, err
}

// startAdmin starts the HTTP port, if there is to be one.
func (n *node) startAdmin(o nodeOptions) (err error) {
	if o.admin.addr == "" {
		return nil
	}
	n.admin, err = admin.Start(admin.Options{
		Addr: o.admin.addr, Token: o.admin.token, TokenFile: o.admin.tokenFile,
		Logger: o.log,
		Node:   admin.Node{Health: n.health, Sample: n.sample},
	})
	if err != nil {
		return fmt.Errorf("serve HTTP: %w; choose another --http-addr, "+
			"or stop what listens there", err)
	}
	return nil
}

// health says how the node is, while it starts and stops, too.
func (n *node) health() admin.Health {
	h := admin.Health{Starting: !n.serves.Load(), Stopping: n.stops.Load()}
	if h.Starting {
		return h
	}
	select {
	case <-n.edge.Done():
		h.EdgeEnded = true
	default:
	}
	for i, g := range n.shards.Groups() {
		h.Shards = append(h.Shards, admin.ShardHealth{Shard: i, Served: g.Serving()})
	}
	return h
}

// sample fills in what the node has counted; while it starts, that is little.
func (n *node) sample(s *admin.Sample) {
	s.Version, s.Go, s.Started = readVersion().Version, runtime.Version(), n.started
	if !n.serves.Load() {
		return
	}
	s.Incarnation = n.shards.Incarnation()
	s.Edge = n.edge.Stats()
}
