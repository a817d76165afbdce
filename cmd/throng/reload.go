package main

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/thronggrid/throng/cmd/throng/config"
)

// A reloader takes new values over while a node runs.
type reloader struct {
	load  func() (*config.Config, error)
	now   *config.Config               // what the node uses
	apply func(was, is *config.Config) // is differs from was in what is reloadable
	log   *slog.Logger
}

// run reloads for each signal, until ctx is done.
func (r *reloader) run(ctx context.Context, signals <-chan os.Signal) {
	for {
		select {
		case <-signals:
			r.reload()
		case <-ctx.Done():
			return
		}
	}
}

// reload reads all sources again. It takes over all that can be, or, when there is
// any mistake, nothing.
func (r *reloader) reload() {
	next, err := r.load()
	if err != nil {
		r.refused(err)
		return
	}
	changes := r.now.Changes(next)
	for _, c := range changes {
		if c.Reloadable {
			r.log.Info("reloaded a key of the configuration",
				"key", c.Key, "old", c.Old, "new", c.New)
		} else {
			r.log.Warn("a key of the configuration changes with the next start only",
				"key", c.Key, "now", c.Old, "then", c.New)
		}
	}
	if len(changes) == 0 {
		r.log.Info("reloaded the configuration: nothing has changed")
	}
	was := r.now
	r.now = was.Reloaded(next)
	r.apply(was, r.now)
}

// refused says what is wrong with a configuration that was not taken.
func (r *reloader) refused(err error) {
	const said = "the configuration was not reloaded, and the node goes on with the old one"
	var wrong config.Mistakes
	if !errors.As(err, &wrong) {
		r.log.Error(said, "error", err)
		return
	}
	for _, m := range wrong {
		r.log.Error(said, "error", m.String())
	}
}
