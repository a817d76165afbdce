package logging

import (
	"io"
	"log/slog"
	"os"
)

// Writer returns the handler that writes records from level on to w. The format
// auto is text on a terminal, for people, and JSON elsewhere, for machines.
func Writer(w io.Writer, level slog.Leveler, format string) slog.Handler {
	options := &slog.HandlerOptions{Level: level}
	if format == "text" || format == "auto" && IsTerminal(w) {
		return slog.NewTextHandler(w, options)
	}
	return slog.NewJSONHandler(w, options)
}

// IsTerminal says whether what is written to w is seen by a person.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
