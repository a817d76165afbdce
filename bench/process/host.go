package process

import (
	"context"
	"errors"
	"fmt"

	"github.com/thronggrid/throng/bench/report"
	"github.com/thronggrid/throng/netio/client"
)

// Own says how a benchmark starts a Throng server of its own. The zero value starts
// this very program in a temporary directory.
type Own struct {
	Program string // the executable; "": the one that is running
	Dir     string // where temporary directories are made; "": the system's place
	Heap    bool   // let the server's runtime tell its live heap
}

// Selection says which Throng server a benchmark uses: one of its own, or one that
// runs already and can neither be killed nor measured.
type Selection struct {
	Own
	Addr          string // a running server's address; "": one of its own
	ServerKeyFile string // with Addr: the file with its server key
}

// Check refuses half of what names a running server.
func (s *Selection) Check() error {
	switch {
	case s.Addr != "" && s.ServerKeyFile == "":
		return errors.New("--addr needs --server-key-file: name the file with that server's key")
	case s.Addr == "" && s.ServerKeyFile != "":
		return errors.New("--server-key-file is for a running server: name it with --addr")
	}
	return nil
}

// Host is the server of a benchmark with the directory it lives in.
type Host struct {
	Server  *Throng
	scratch *Scratch // nil with a running server
}

// Open starts the server. End it.
func (o *Own) Open(ctx context.Context) (*Host, error) {
	scratch, err := NewScratch(o.Dir)
	if err != nil {
		return nil, err
	}
	h := &Host{scratch: scratch}
	dir, err := scratch.Dir("data")
	if err == nil {
		h.Server, err = StartThrong(ctx, ThrongOptions{Program: o.Program, Dir: dir, Heap: o.Heap})
	}
	if err != nil {
		return nil, errors.Join(Outcome(ctx, err), scratch.Close())
	}
	return h, nil
}

// Open starts the server, or finds the running one and shows that it answers and
// takes the key. End it.
func (s *Selection) Open(ctx context.Context) (*Host, error) {
	if s.Addr == "" {
		return s.Own.Open(ctx)
	}
	t, err := Running(s.Addr, s.ServerKeyFile)
	if err != nil {
		return nil, err
	}
	c, err := t.Dial(ctx, client.Options{})
	if err != nil {
		return nil, Outcome(ctx, fmt.Errorf("the server of --addr %s, with the key of "+
			"--server-key-file %s: %w", s.Addr, s.ServerKeyFile, err))
	}
	c.Close()
	return &Host{Server: t}, nil
}

// Describe notes in the environment what the server is and where its data lies.
func (h *Host) Describe(e *report.Env) {
	if h.scratch == nil {
		e.Versions["throng"] = "running at " + h.Server.Addr
		return
	}
	e.Versions["throng"] = h.Server.Version()
	e.Versions["data directory"] = FileSystem(h.scratch.Path)
}

// End ends a run whose error is *err: it stops the benchmark's own server, removes
// its directory, and adds to the error what fails in that.
func (h *Host) End(ctx context.Context, err *error) {
	*err = Outcome(ctx, errors.Join(*err, h.Server.Stop(ctx)))
	if h.scratch != nil {
		*err = errors.Join(*err, h.scratch.Close())
	}
}

// Outcome is the error of what a run did under ctx. Once that has ended, everything
// fails in a way of its own, a server is killed that does not stop at once, and why
// ctx ended is all there is to say.
func Outcome(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
