package netio

import (
	"fmt"
	"log/slog"
)

// engineLog passes on what gnet has to say. Its errors are about single
// sockets; what ends the server shows in Server.Err.
type engineLog struct{ *slog.Logger }

func (l engineLog) Debugf(format string, args ...any) { l.say(l.Debug, format, args) }
func (l engineLog) Infof(format string, args ...any)  { l.say(l.Debug, format, args) }
func (l engineLog) Warnf(format string, args ...any)  { l.say(l.Debug, format, args) }
func (l engineLog) Errorf(format string, args ...any) { l.say(l.Warn, format, args) }
func (l engineLog) Fatalf(format string, args ...any) { l.say(l.Error, format, args) }

func (l engineLog) say(at func(string, ...any), format string, args []any) {
	at("the event loops say", "text", fmt.Sprintf(format, args...))
}
