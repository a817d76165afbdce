package main

import (
	"io"
	"log/slog"
	"time"

	"github.com/thronggrid/throng/cmd/throng/config"
	"github.com/thronggrid/throng/cmd/throng/logging"
)

// nodeLogs is where a node logs to.
type nodeLogs struct {
	*slog.Logger
	level   *slog.LevelVar
	limiter *logging.Limiter
}

// newLogs returns the logs of a node, written to w.
func newLogs(w io.Writer, c *config.Logs) *nodeLogs {
	level := new(slog.LevelVar)
	level.Set(c.Level())
	limiter := logging.NewLimiter(logging.Writer(w, level, c.Format), c.RepeatsMax, time.Now)
	return &nodeLogs{slog.New(limiter.Handler()), level, limiter}
}

// reload takes over what has changed. A level that was changed over HTTP stays until
// the configuration has another one.
func (l *nodeLogs) reload(was, is *config.Logs) {
	if was.LevelName != is.LevelName {
		l.level.Set(is.Level())
	}
	l.limiter.Allow(is.RepeatsMax)
}
