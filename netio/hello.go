package netio

import (
	"crypto/rand"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/netio/wire"
)

// hello serves the first frame of a connection.
func (l *loop) hello(k *conn, f wire.Frame) {
	q := l.asked(k, &f)
	if f.Kind != wire.KindHello {
		l.refuse(k, q, wire.HelloExpected,
			fault.New(fault.Unauthenticated, "say hello first"))
		return
	}
	var h wire.Hello
	in := pack.NewCursor(f.Body)
	err := h.Decode(&in)
	if err == nil {
		err = h.Check()
	}
	if err != nil {
		l.refuse(k, q, wire.BadHello, err)
		return
	}
	if h.VersionMin > wire.Version || h.VersionMax < wire.Version {
		l.refuse(k, q, wire.UnsupportedVersion, fault.New(fault.FailedPrecondition,
			"the client speaks versions %d to %d of the protocol, this server %d: update the older",
			h.VersionMin, h.VersionMax, wire.Version))
		return
	}
	k.state = greeting
	o := &opening{asked: *q, nonce: h.Nonce, resume: h.Resume}
	if h.Resume != nil && h.Resume.Session == 0 {
		o.resume = nil // names no session, so opens one, as each token that resumes none
	}
	rand.Read(o.secret[:]) // never fails
	k.rare = &rare{opening: o}
	l.authenticate(k, &h)
}

// recognized goes on with a hello, once it is known who speaks.
func (l *loop) recognized(k *conn, id identity, err error) {
	if k.state != greeting {
		k.rare = nil
		return
	}
	if err != nil {
		l.refuseHello(k, err)
		return
	}
	o := k.opening()
	k.user, k.client = id.user, grid.ClientID(id.user, o.nonce)
	k.mark(server, id.server)
	o.spend, o.spendUntil = id.spend, id.spendUntil
	l.propose(k)
}

// welcome answers hello: from now on the connection is served.
func (l *loop) welcome(k *conn, o *opening, streams []string) {
	k.state = open
	l.strange--
	l.count.hellos.Add(1)
	l.replied(&o.asked, fault.OK)
	w := wire.Welcome{
		Version:       wire.Version,
		User:          k.user,
		RequestsMax:   uint32(l.server.options.PendingMax),
		FrameBytesMax: uint32(l.server.options.FrameBytesMax),
		Agent:         l.server.options.Agent,
		Session:       k.session,
		Resume:        wire.ResumeToken{Session: k.session, Secret: o.secret},
		Resumed:       o.resume != nil,
		Streams:       streams,
		Trace:         traceOf(l.server.fan.origin, k.number()),
	}
	if o.spend != (grid.ID{}) && !w.Resumed {
		w.Tokens = l.nextTokens(k)
	}
	l.end(k, w.Append(l.head(k, wire.KindHello, wire.Reply, o.ID)))
	if k.state == gone {
		return
	}
	for _, key := range streams {
		l.enter(k, []byte(key))
	}
	if k.is(missed) {
		l.stall(k)
	}
	l.again(k) // there may be frames that have waited
	// Only what comes from now on may show that the client has its new tokens.
	k.mark(unconfirmed, w.Resumed || w.Tokens != nil)
}

// nextTokens returns tokens for who has used one; nil if there are none, and then the
// one that was used stays good.
func (l *loop) nextTokens(k *conn) *wire.Tokens {
	t, err := l.server.options.Tokens.Issue(l.caller(k))
	if err != nil {
		l.server.options.Logger.Error("give out tokens with a welcome", "error", err)
		return nil
	}
	return &t
}

// refuseHello answers a hello with an error that is about who speaks, or about the
// session, and a goodbye.
func (l *loop) refuseHello(k *conn, err error) {
	f := *fault.Of(err)
	r := wire.ReasonOf(f.Code)
	if r.Reconnect() && f.Retry == 0 {
		f.Retry = l.server.options.ReconnectAfter
	}
	q := k.opening().asked
	k.rare = nil
	l.refuse(k, &q, r, &f)
}

// refuse answers the first frame with an error and a goodbye.
func (l *loop) refuse(k *conn, q *asked, r wire.Reason, err error) {
	l.count.refused.Add(1)
	l.fail(k, q, err)
	if k.state != gone {
		l.dismiss(k, r)
	}
}
