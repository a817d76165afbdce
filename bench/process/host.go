package process

import (
	"context"
	"errors"
	"time"

	"github.com/thronggrid/throng/bench/report"
)

// Selection says which Throng server a benchmark uses. The zero value starts one
// of this very program in a temporary directory.
type Selection struct {
	Addr          string   // a running server's address; "": start one
	ServerKeyFile string   // with Addr: the file with its server key
	Program       string   // the executable to start; "": the one that is running
	Args          []string // further arguments of its serve command
	Dir           string   // where temporary directories are made; "": the system's place
	Heap          bool     // let the server's runtime tell its live heap
}

// Own says whether the benchmark starts the server itself.
func (s *Selection) Own() bool { return s.Addr == "" }

// Host is the server of a benchmark with the directory it lives in.
type Host struct {
	Server  *Throng
	scratch *Scratch // nil with a running server
}

// Open starts the server, or finds the running one. Close it.
func (s *Selection) Open(ctx context.Context) (*Host, error) {
	if !s.Own() {
		if s.ServerKeyFile == "" {
			return nil, errors.New("a running server's key is needed: " +
				"give --server-key-file with --addr")
		}
		t, err := Running(s.Addr, s.ServerKeyFile)
		if err != nil {
			return nil, err
		}
		return &Host{Server: t}, nil
	}
	scratch, err := NewScratch(s.Dir)
	if err != nil {
		return nil, err
	}
	h := &Host{scratch: scratch}
	dir, err := scratch.Dir("data")
	if err == nil {
		h.Server, err = StartThrong(ctx, ThrongOptions{
			Program: s.Program, Dir: dir, Args: s.Args, Heap: s.Heap,
		})
	}
	if err != nil {
		return nil, errors.Join(err, scratch.Close())
	}
	return h, nil
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

// Close stops the benchmark's own server and removes its directory.
func (h *Host) Close(ctx context.Context) error {
	if h.scratch == nil {
		return nil
	}
	err := h.Server.Stop(ctx)
	if ctx.Err() != nil {
		err = nil // the run was broken off, which says why; here it was only killed
	}
	return errors.Join(err, h.scratch.Close())
}

// Meter measures the server from now on.
type Meter struct {
	child *Process
	cpu   time.Duration
}

// Meter begins to measure. It lasts until the server is restarted.
func (h *Host) Meter() Meter {
	m := Meter{child: h.Server.Process()}
	if m.child != nil {
		m.cpu, _ = m.child.CPU()
	}
	return m
}

// CPU returns the processor time used since; false when the server is not the
// benchmark's own or has ended.
func (m *Meter) CPU() (time.Duration, bool) {
	if m.child == nil {
		return 0, false
	}
	now, err := m.child.CPU()
	return now - m.cpu, err == nil && now >= m.cpu
}
