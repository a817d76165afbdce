package host

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/slot"
)

// Propose proposes a command to the meta group, if this node leads it, and calls done once
// with the reply or an error: at once if it is refused, and otherwise on a goroutine of the
// group, which done must not block. The body is one msgpack value, as that of any command,
// and copied; the reply is done's. An error whose
// fault.Error says Unknown leaves open whether the command is carried out.
func (h *Host) Propose(kind grid.Kind, body []byte, done func(reply []byte, err error)) {
	g := h.Group(MetaGroup)
	if g == nil || !g.Serving() {
		done(nil, errNotServing)
		return
	}
	l := &lane{host: h, deliver: func(o *grid.Outcomes) {
		reply, err := replyOf(o)
		o.Release()
		done(reply, err)
	}}
	c := slot.Command{Kind: kind, Body: body}
	s := l.stage(g)
	s.add(c.Append(nil), grid.Ref{Kind: kind})
	l.Flush()
}

// replyOf returns what became of one command.
func replyOf(o *grid.Outcomes) ([]byte, error) {
	if o.Err != nil {
		return nil, o.Err
	}
	if err := outcomeOf(o, 0); err != nil {
		return nil, err
	}
	_, body := o.Body(0)
	return append([]byte(nil), body...), nil
}
