package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"
)

// Fixed limits.
const (
	// ConnectionsMax is how many connections there may be at once. For one more the oldest
	// makes room that asks for nothing; if there is none, it is told so and closed.
	ConnectionsMax = 64
	// HeadBytesMax is about how large the head of a request may be.
	HeadBytesMax = 8 << 10
	// BodyBytesMax is how large the body of a request may be.
	BodyBytesMax = 4 << 10
	// ReadTimeout is how long a client may take to send a request.
	ReadTimeout = 10 * time.Second
	// ProfileSecondsMax bounds how long a profile takes.
	ProfileSecondsMax = 60
	// WriteTimeout is how long a profile may take, which is the longest there is. All else
	// has AnswerTimeout.
	WriteTimeout  = 75 * time.Second
	AnswerTimeout = 10 * time.Second
	idleTimeout   = time.Minute
	stopTimeout   = time.Second // a profile may be under way

	tokenBytesMin = 16
)

// Node is what the server asks of the node. Each function may be called from several
// goroutines at a time.
type Node struct {
	// Health says how the node is.
	Health func() Health
	// Sample fills in what the node has counted; it is handed a zero Sample.
	Sample func(*Sample)
	// Hot samples for a while what the node is busy with; nil: it cannot. It returns early
	// with the error of a context that ends. Its errors are a client's.
	Hot func(context.Context, HotQuery) (Hot, error)
	// Backup writes a backup of the node; nil: it cannot.
	Backup Backup
	// BackupStall is how long who takes a backup may read nothing of it; 0: BackupStall.
	BackupStall time.Duration
}

// Options say how to serve. All must be set but Level and Logger.
type Options struct {
	Addr      string // host:port; port 0: any
	Token     string // what must be shown, at least 16 bytes
	TokenFile string // where it is, for those who are told that they lack it
	Node      Node
	Level     *slog.LevelVar // from which the node logs; nil: cannot be changed
	Logger    *slog.Logger   // default: discards
}

func (o *Options) validate() error {
	if _, _, err := net.SplitHostPort(o.Addr); err != nil {
		return fmt.Errorf("the address %q: want host:port: %w", o.Addr, err)
	}
	if len(o.Token) < tokenBytesMin {
		return fmt.Errorf("an admin token of %d bytes: want at least %d random ones",
			len(o.Token), tokenBytesMin)
	}
	if o.Node.Health == nil || o.Node.Sample == nil {
		return errors.New("no node to ask")
	}
	return nil
}
