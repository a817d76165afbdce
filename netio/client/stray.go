package client

import "github.com/thronggrid/throng/netio/wire"

// unanswered is the error of a hello that was sent and not answered in time. The server
// may answer it yet, on a connection that nobody reads any more: a process that was paused
// takes it up when it goes on, and with it the session.
type unanswered struct{ error }

func (u unanswered) Unwrap() error { return u.error }

// straysMax bounds how many hellos that may yet be answered are remembered.
const straysMax = 8

// strayed notes a hello that may yet resume the session in this client's place.
func (a *addresses) strayed() { a.strays = min(a.strays+1, straysMax) }

// replacedByStray says whether a goodbye, that another connection has the session, may
// speak of one of this client's own, which nobody reads: then the session is to be taken
// back. Each of those is believed once, so that two who have the same session do not take
// it from each other for ever.
func (a *addresses) replacedByStray(r wire.Reason) bool {
	if r != wire.SessionReplaced || a.strays == 0 {
		return false
	}
	a.strays--
	return true
}
