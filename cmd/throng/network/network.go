// Package network is the network of the machine, for the connections between nodes.
//
// It holds no state. What goes wrong is told as package net tells it; only that nobody
// listens at an address has the name that package mesh knows.
package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/thronggrid/throng/shard/peer/mesh"
)

// TCP is the machine's TCP. Any goroutine may call its methods.
type TCP struct{}

var _ mesh.Network = TCP{}

// Listen takes connections at host:port; port 0 picks one.
func (TCP) Listen(address string) (net.Listener, error) { return net.Listen("tcp", address) }

// Dial connects to host:port, until the context ends. The error wraps mesh.ErrRefused
// when nobody listens there.
func (TCP) Dial(ctx context.Context, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("%w: %w", mesh.ErrRefused, err)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}
