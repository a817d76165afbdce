package grid

import "github.com/thronggrid/throng/grid/pack"

// Caller is who sent a request: one authenticated session.
type Caller struct {
	User   ID   // derived from (provider, id)
	Client ID   // the name of this client's request ids
	Server bool // the studio's own server: may act for every user
}

// Op is one kind of request.
type Op struct {
	Kind  Kind
	Name  string // "board.submit": in logs, metrics and docs
	Write bool   // a command that goes through the log; else a query

	// Prepare checks a request and appends the canonical body of its command or
	// query, one msgpack array, to out. The cursor stands at the first of n
	// fields of the request's array, behind the request id of a write; fields
	// that Prepare does not know are left for later versions. It returns the
	// routing key (a view, valid as long as the request) and the longer out.
	// Errors are a client's: *fault.Error or *pack.Error.
	// Called on an event loop: it must not block, and keeps nothing of the input.
	Prepare func(c *Caller, in *pack.Cursor, n int, out []byte) (key, body []byte, err error)
}

// RequestID names a mutating request, so that asking again does not do it again.
type RequestID struct {
	Client ID
	Seq    uint64 // counts the client's mutating requests; 0: none, never remembered
	Low    uint64 // the client's lowest number not yet answered: Low ≤ Seq < Low+RequestsMax
}

// RequestsMax is how many mutating requests of one client may be unanswered.
const RequestsMax = 64
