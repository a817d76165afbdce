package main

import (
	"io"
	"log/slog"
	"os"
)

// newLogger returns a logger to w. The format auto is text on a terminal, for
// people, and JSON elsewhere, for machines.
func newLogger(w io.Writer, level, format string) (*slog.Logger, error) {
	var options slog.HandlerOptions
	switch level {
	case "debug":
		options.Level = slog.LevelDebug
	case "info":
		options.Level = slog.LevelInfo
	case "warn":
		options.Level = slog.LevelWarn
	case "error":
		options.Level = slog.LevelError
	default:
		return nil, usagef("--log-level %q: want debug, info, warn or error", level)
	}
	switch {
	case format == "text" || format == "auto" && isTerminal(w):
		return slog.New(slog.NewTextHandler(w, &options)), nil
	case format == "json" || format == "auto":
		return slog.New(slog.NewJSONHandler(w, &options)), nil
	}
	return nil, usagef("--log-format %q: want auto, text or json", format)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
