package main

import (
	"context"
	"errors"
	"log/slog"
)

// nodeOptions are what a node is made of.
type nodeOptions struct {
	dataDir    string // there already
	clientAddr string
	shards     int // 0 is cores
	cores      int
	serverKey  string // 64 hexadecimal digits
	log        *slog.Logger
}

// node is one running node.
type node interface {
	// clientAddr is where clients connect, with the port that was chosen.
	clientAddr() string
	// failed gets the reason when the node can no longer serve; errDisk is in
	// its chain when the disk failed.
	failed() <-chan error
	// stop ends the node cleanly, after failed too.
	stop(context.Context) error
}

// startNode joins the parts and returns once clients are served.
func startNode(_ context.Context, _ nodeOptions) (node, error) {
	return nil, errors.New("not wired yet")
}
