package client

import (
	"context"
	"errors"
	"strings"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/netio/wire"
)

// addresses are the nodes of one cluster.
type addresses struct {
	all []string
	at  int // who is tried first

	strays int // hellos that may yet be answered where nobody listens
}

// newAddresses reads addresses with commas between.
func newAddresses(list string) (addresses, error) {
	all := strings.Split(list, ",")
	for i := range all {
		if all[i] = strings.TrimSpace(all[i]); all[i] == "" {
			return addresses{}, fault.New(fault.InvalidArgument,
				"an empty address in %q: want host:port, or several with commas between", list)
		}
	}
	return addresses{all: all}, nil
}

func (a *addresses) single() bool { return len(a.all) == 1 }

// leave lets the next one be tried first from now on.
func (a *addresses) leave() { a.at = (a.at + 1) % len(a.all) }

// dial connects to the first of the nodes that lets the client in, and stays there. The
// error is that of the last one, but for a refusal, after which no other is asked.
func (a *addresses) dial(
	ctx context.Context, o *Options, resume *wire.ResumeToken,
) (l *link, err error) {
	for range a.all {
		l, err = dial(ctx, a.all[a.at], o, resume)
		if err == nil || errors.As(err, new(refusal)) || ctx.Err() != nil {
			return l, err
		}
		if resume != nil && errors.As(err, new(unanswered)) {
			a.strayed()
		}
		a.leave()
	}
	return nil, err
}
