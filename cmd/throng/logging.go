package main

import (
	"io"
	"log/slog"
	"os"
)

// newLogger returns a logger to w. The format auto is text on a terminal, for
// people, and JSON elsewhere, for machines.
func newLogger(w io.Writer, level slog.Leveler, format string) *slog.Logger {
	options := slog.HandlerOptions{Level: level}
	if format == "text" || format == "auto" && isTerminal(w) {
		return slog.New(slog.NewTextHandler(w, &options))
	}
	return slog.New(slog.NewJSONHandler(w, &options))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
