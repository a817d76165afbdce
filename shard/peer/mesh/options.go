package mesh

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/clock"
)

// ErrRefused is what a Network's Dial wraps when the machine is there and nobody
// listens on that port.
var ErrRefused = errors.New("nobody listens at the address")

// Network is the port to the network. Its methods may be called from any goroutine.
type Network interface {
	// Listen takes connections at an address (host:port; port 0 picks one).
	Listen(address string) (net.Listener, error)
	// Dial connects to an address, until the context ends.
	Dial(ctx context.Context, address string) (net.Conn, error)
}

// Options say what a mesh is made of. Network, Random, Clock and Logger must be given,
// and a Secret or TLS or both.
type Options struct {
	Network Network
	// Random fills a buffer with random bytes that nobody can foretell. Any goroutine
	// calls it.
	Random func([]byte)
	Clock  clock.Clock
	Logger *slog.Logger

	// Listen is the address to listen at; empty: the mesh only dials.
	Listen string
	// Address is where others reach this node: it goes into its hello.
	Address string
	// Number is this node's number and Cluster the id of its cluster. Both are unset
	// until the node has joined: see SetSelf.
	Number  uint32
	Cluster grid.ID
	// Incarnation is which start of the node this is.
	Incarnation uint64
	// LevelMin and LevelMax are the feature levels that this node can run at.
	LevelMin, LevelMax uint64

	// Secret is what all nodes of the cluster know, and nobody else; at least
	// SecretBytesMin. With TLS it may be empty.
	Secret []byte
	// TLS encrypts all connections, if it is given. Both sides use it, so it holds a
	// certificate, the authorities for both directions (RootCAs and ClientCAs), and
	// RequireAndVerifyClientCert.
	TLS *tls.Config

	// QueueBytesMax is how much may wait for one peer on one connection; default 32 MiB.
	QueueBytesMax int
}

// Limits of what others can make a mesh hold, and its times.
const (
	// SecretBytesMin is the length of the shortest cluster secret.
	SecretBytesMin = 16
	// AddressBytesMax is the length of the longest address.
	AddressBytesMax = 255

	queueBytesDefault = 32 << 20
	callsMax          = 1 << 16 // calls without an answer, on one connection and one way
	handshakesMax     = 256     // of others, under way
	strangersMax      = 64      // connections for one question, of others
	strangerBytesMax  = 1 << 20 // of a question, and of its answer

	handshakeMax = 3 * time.Second  // from the connection to the verdict
	dialMax      = 2 * time.Second  // to get a connection
	probeMax     = time.Second      // the same, while the end of the last one is not told
	askMax       = 15 * time.Second // a question, from the connection to the answer
	pulseEvery   = 500 * time.Millisecond
	pingAfter    = time.Second      // without a message from the peer
	measureEvery = 5 * time.Second  // how often clocks are compared at least
	bulkIdleMax  = 30 * time.Second // then the second connection is closed
	clockOffMax  = 500 * time.Millisecond

	pauseMin = 50 * time.Millisecond // between two dials
	pauseMax = 2 * time.Second
	steady   = time.Second // a connection that lived as long was a good one
	probes   = 3           // dials that a closing listener may spoil
)

func (o *Options) validate() error {
	switch {
	case o.Network == nil || o.Random == nil || o.Clock == nil || o.Logger == nil:
		return errors.New("mesh: Network, Random, Clock and Logger must be given")
	case o.TLS == nil && len(o.Secret) < SecretBytesMin:
		return fmt.Errorf("mesh: the cluster secret has %d bytes, at least %d are needed: "+
			"make one with `head -c 32 /dev/urandom | base64` and give it to all nodes, "+
			"or use mutual TLS", len(o.Secret), SecretBytesMin)
	case len(o.Secret) > 0 && len(o.Secret) < SecretBytesMin:
		return fmt.Errorf("mesh: the cluster secret has %d bytes, at least %d are needed",
			len(o.Secret), SecretBytesMin)
	case len(o.Address) > AddressBytesMax:
		return fmt.Errorf("mesh: the advertised address has %d bytes, at most %d are allowed",
			len(o.Address), AddressBytesMax)
	case o.Number > numberMax || o.Incarnation > incarnationMax:
		return fmt.Errorf("mesh: node %d, incarnation %d: at most %d and %d are allowed",
			o.Number, o.Incarnation, numberMax, incarnationMax)
	case o.LevelMin > o.LevelMax:
		return fmt.Errorf("mesh: the lowest feature level, %d, is above the highest, %d",
			o.LevelMin, o.LevelMax)
	case o.TLS != nil && (o.TLS.ClientAuth != tls.RequireAndVerifyClientCert ||
		len(o.TLS.Certificates) == 0 && o.TLS.GetCertificate == nil):
		return errors.New("mesh: TLS between nodes is mutual: give a certificate and " +
			"RequireAndVerifyClientCert")
	case o.QueueBytesMax < 0:
		return fmt.Errorf("mesh: %d bytes may wait for a peer: give 0 or more", o.QueueBytesMax)
	}
	if o.QueueBytesMax == 0 {
		o.QueueBytesMax = queueBytesDefault
	}
	return nil
}
