package netio

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/session"
	"github.com/thronggrid/throng/netio/wire"
)

// opening is what is known of a connection between its hello and the welcome.
type opening struct {
	asked      // hello
	nonce      []byte
	resume     *wire.ResumeToken // of the session to take up again; nil: open one
	spend      grid.ID
	spendUntil int64
	secret     [16]byte // resumes the session from the welcome on
}

// isGatewayKind says whether a command, or query, is a gateway's for itself.
func isGatewayKind(kind grid.Kind) bool {
	return kind >= session.KindOpen && kind <= session.KindBound
}

// propose asks the user's slot to resume the session that hello named, or to open
// one.
func (l *loop) propose(k *conn) {
	o := k.opening()
	if len(l.detaching)+l.table.len() > DetachesMax {
		e := fault.New(fault.ResourceExhausted,
			"the ends of too many sessions are not stored yet: connect again later")
		e.Retry = l.server.options.ReconnectAfter
		l.refuseHello(k, e)
		return
	}
	var err error
	next := session.SecretOf(o.secret[:])
	if o.resume != nil {
		r := session.ResumeRequest{
			User: k.user, Session: o.resume.Session, Origin: l.server.fan.origin,
			Conn: k.number(), Secret: session.SecretOf(o.resume.Secret[:]), Next: next,
			Refresh: o.spend, RefreshUntil: o.spendUntil,
		}
		err = l.command(k.number(), &k.user, session.KindResume, &r)
	} else {
		r := session.OpenRequest{
			User: k.user, Origin: l.server.fan.origin, Conn: k.number(), Secret: next,
			Server: k.is(server), Spend: o.spend, SpendUntil: o.spendUntil,
		}
		err = l.command(k.number(), &k.user, session.KindOpen, &r)
	}
	if err != nil {
		l.refuseHello(k, err)
		return
	}
	k.mark(bound, true)
}

// command stages a command of our own for a user's slot.
func (l *loop) command(
	number uint64, user *grid.ID, kind grid.Kind,
	r interface {
		Fields() int
		Append([]byte) []byte
	},
) error {
	l.scratch = r.Append(pack.AppendArray(l.scratch[:0], r.Fields()))
	err := l.lane.Write(grid.SlotOf(user[:]), kind, grid.RequestID{}, l.scratch,
		grid.Ref{Conn: number, Kind: kind})
	if err == nil {
		l.staged = true
	}
	return err
}

// settleSession acts on the outcome of a command of our own; the connection may be
// gone.
func (l *loop) settleSession(k *conn, out *grid.Outcomes, i int) {
	ref := out.Refs[i]
	body, err := outcome(out, i)
	switch {
	case ref.Kind == session.KindBound:
		l.recheck.flying--
		l.rechecked(k, ref.Slot, body, err)
	case ref.Kind == session.KindDetach:
		l.detached(ref.Conn, err)
	case ref.Kind == session.KindConfirm:
		if k != nil && err != nil && fault.Of(err).Retry > 0 {
			k.mark(unconfirmed, true) // the next frame tries again
		}
	case k == nil:
		l.openedLate(ref.Conn)
	default:
		l.opened(k, ref.Kind, body, err)
	}
}

// outcome returns the reply of an outcome, or its error.
func outcome(o *grid.Outcomes, i int) ([]byte, error) {
	if o.Err != nil {
		return nil, o.Err
	}
	status, body := o.Body(i)
	if status == byte(fault.OK) {
		return body, nil
	}
	in := pack.NewCursor(body)
	e, err := fault.Decode(&in)
	if err != nil {
		return nil, err
	}
	return nil, e
}

// opened goes on with a hello, once the user's slot has decided.
func (l *loop) opened(k *conn, kind grid.Kind, reply []byte, err error) {
	o := k.opening()
	if k.state != greeting || o == nil {
		k.rare = nil // it was told goodbye meanwhile; its end detaches the session
		return
	}
	if kind == session.KindResume && fault.CodeOf(err) == fault.NotFound {
		k.mark(bound, false)
		o.resume = nil
		l.propose(k)
		return
	}
	var streams []string
	in := pack.NewCursor(reply)
	switch {
	case err != nil:
		k.mark(bound, fault.Of(err).Unknown)
	case kind == session.KindResume:
		var r session.ResumeReply
		r, err = session.DecodeResumeReply(&in)
		k.session, streams = o.resume.Session, r.Keys
		l.count.resumed.Add(1)
	default:
		var r session.OpenReply
		r, err = session.DecodeOpenReply(&in)
		k.session = r.Session
	}
	if err != nil {
		l.refuseHello(k, err)
		return
	}
	k.rare = nil
	l.welcome(k, o, streams)
}

// confirmWelcome tells the user's slot that the client has what its welcome brought.
func (l *loop) confirmWelcome(k *conn) {
	r := session.ConfirmRequest{
		User: k.user, Session: k.session, Origin: l.server.fan.origin, Conn: k.number(),
	}
	err := l.command(k.number(), &k.user, session.KindConfirm, &r)
	k.mark(unconfirmed, err != nil)
}

// sessionEnded closes the connection of a session that is no longer its own.
func (l *loop) sessionEnded(k *conn, r session.Reason) {
	k.mark(bound, false)
	if k.state >= leaving {
		return
	}
	switch r {
	case session.Replaced:
		l.dismiss(k, wire.SessionReplaced)
	case session.Detached:
		l.dismiss(k, wire.CutOff) // it may be resumed
	default:
		l.dismiss(k, wire.SessionEnded)
	}
}
