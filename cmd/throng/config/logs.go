package config

import (
	"log/slog"
	"time"

	"github.com/thronggrid/throng/netio"
)

// Logs is what is logged, and how.
type Logs struct {
	LevelName   string
	Format      string        // auto, text or json
	RepeatsMax  int           // 0: all
	SlowRequest time.Duration // 0: none is logged
}

// Level returns the level to log from.
func (l *Logs) Level() slog.Level {
	var level slog.Level
	_ = level.UnmarshalText([]byte(l.LevelName)) // it is one of Levels
	return level
}

// Levels returns the names of the levels that log_level takes.
func Levels() []string { return []string{"debug", "info", "warn", "error"} }

func (l *Logs) keys() []Key {
	return []Key{{
		Name:       "log_level",
		Doc:        "`level` to log from",
		Reloadable: true,
		value:      &text{at: &l.LevelName, def: "info", oneOf: Levels()},
	}, {
		Name:  "log_format",
		Doc:   "`format` of logs; auto is text on a terminal, else json",
		value: &text{at: &l.Format, def: "auto", oneOf: []string{"auto", "text", "json"}},
	}, {
		Name: "log_repeats_max",
		Doc: "`number` of times that the same message is logged within 10 seconds; " +
			"more are counted",
		Reloadable: true,
		value:      whole(&l.RepeatsMax, 100, 1, 1_000_000, "no bound"),
	}, {
		Name: "slow_request",
		Doc: "`time` from a request to its answer from which on it is logged, " +
			"with the trace that its client knows",
		Reloadable: true,
		value: span(&l.SlowRequest, netio.DefaultLimits().SlowRequest,
			time.Microsecond, time.Hour, "none is logged"),
	}}
}
