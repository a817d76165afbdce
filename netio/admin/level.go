package admin

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/thronggrid/throng/grid/fault"
)

// level is the body of a request and of its answer.
type level struct {
	Level string `json:"level"`
}

// levelOf returns the level of a name of the configuration; false: there is none.
func levelOf(name string) (slog.Level, bool) {
	switch strings.ToLower(name) {
	case "debug":
		return slog.LevelDebug, true
	case "info":
		return slog.LevelInfo, true
	case "warn":
		return slog.LevelWarn, true
	case "error":
		return slog.LevelError, true
	}
	return 0, false
}

func nameOf(of slog.Level) string { return strings.ToLower(of.String()) }

// logLevel answers with the level, changed first if that was asked for: with
// {"level": "debug"}, or the bare word.
func (s *Server) logLevel(w http.ResponseWriter, r *http.Request) {
	v := s.options.Level
	if v == nil {
		fail(w, fault.New(fault.Unimplemented, "the level of this node's log is fixed: "+
			"start it with another log_level"))
		return
	}
	if r.Method == http.MethodPut {
		to, err := readLevel(r.Body)
		if err != nil {
			fail(w, err)
			return
		}
		if was := v.Level(); was != to {
			v.Set(to)
			s.options.Logger.Warn("the level of the log was changed over HTTP",
				"from", nameOf(was), "to", nameOf(to))
		}
	}
	answer(w, http.StatusOK, level{nameOf(v.Level())})
}

func readLevel(body io.Reader) (slog.Level, error) {
	text, err := io.ReadAll(body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return 0, fault.New(fault.InvalidArgument, "a body of more than %d bytes: want %s",
			BodyBytesMax, `{"level": "debug"}`)
	case err != nil:
		return 0, fault.New(fault.InvalidArgument, "read the body: %v", err)
	}
	asked := level{Level: strings.TrimSpace(string(text))}
	if strings.HasPrefix(asked.Level, "{") {
		if err := json.Unmarshal(text, &asked); err != nil {
			return 0, fault.New(fault.InvalidArgument, "the body is no JSON: %v", err)
		}
	}
	if to, ok := levelOf(asked.Level); ok {
		return to, nil
	}
	return 0, fault.New(fault.InvalidArgument, "want one of debug, info, warn, error: %s",
		`{"level": "debug"}`)
}
