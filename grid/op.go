package grid

import (
	"errors"

	"github.com/cespare/xxhash/v2"

	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// Caller is who sent a request: one authenticated session.
type Caller struct {
	User   ID   // derived from (provider, id)
	Client ID   // the name of this client's request ids
	Server bool // the studio's own server: may act for every user
	Limits *Limits
	Address
}

// CheckSession refuses a caller who has no session.
func (c *Caller) CheckSession() error {
	if c.Session == 0 || c.User == (ID{}) {
		return fault.New(fault.FailedPrecondition,
			"this connection has no session: connect again, and say hello")
	}
	return nil
}

// Op is one kind of request.
type Op struct {
	Kind  Kind
	Name  string // "board.submit": in logs, metrics and docs
	Write bool   // a command that goes through the log; else a query
	// Again says that a write may be done again without harm, so that its request
	// id is not remembered.
	Again bool
	// Frees says that a write makes the state smaller, or ends something: it is taken
	// longer than others when the node is short of room (package gate).
	Frees bool
	// Relay, where not zero, makes this a message that never goes through the log:
	// it is pushed, under this kind, to all sessions on the stream whose key Prepare
	// returns, if the caller is one of them. The body is the push.
	Relay Kind

	// Prepare checks a request and appends the canonical body of its command or
	// query, one msgpack array, to out. The cursor stands at the first of n
	// fields of the request's array, behind the request id of a write; fields
	// that Prepare does not know are left for later versions. It returns the
	// routing key (a view of the request or of the body) and the longer out.
	// Errors are a client's: *fault.Error or *pack.Error.
	// Called on an event loop: it must not block, and keeps nothing of the input.
	Prepare func(c *Caller, in *pack.Cursor, n int, out []byte) (key, body []byte, err error)

	// Complete, where set, finishes the reply to a read of which memory had but a
	// part: Lane.Read then returned that part, and ErrPartial. It appends the whole
	// reply to out. It may block, so it is called on a worker's goroutine.
	Complete func(body, part, out []byte) ([]byte, error)

	// Scatter, where set, serves what lies at several slots: its Gather finishes the
	// reply to such a read, in place of Complete.
	Scatter Scatter
}

// ErrPartial says that a query's reply is but a part, for Op.Complete, or
// Scatter.Gather, to finish.
var ErrPartial = errors.New("a part of the reply is not in memory")

// RequestID names a mutating request, so that asking again does not do it again.
type RequestID struct {
	Client ID
	Seq    uint64 // counts the client's mutating requests; 0: none, never remembered
	Low    uint64 // the client's lowest number not yet answered: Low ≤ Seq < Low+RequestsMax
	Mark   uint32 // MarkOf what was asked, to tell it from another under the same number
}

// MarkOf returns the mark of a request, from the fields that the client sent.
func MarkOf(fields []byte) uint32 { return uint32(xxhash.Sum64(fields)) }

// RequestsMax is how many mutating requests of one client may be unanswered.
const RequestsMax = 64
