package sim

import (
	"slices"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
)

// settlePresences waits until those present in the rooms are the sessions that
// say so at their users' slots, and these the players' own.
func (w *world) settlePresences() {
	var problem string
	for until := time.Now().Add(4 * grace); time.Now().Before(until) && w.failed() == nil; {
		if problem = w.ghosts(); problem == "" {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	w.failIf(w.failed() == nil, "%s", problem)
}

// ghosts says what is not as it should be in the end; "" when all is.
func (w *world) ghosts() string {
	want := make(map[string][]grid.SessionID)
	for _, p := range w.players {
		sessions, ok := p.sessions()
		if !ok {
			return "a user's sessions cannot be read"
		}
		mine := grid.SessionID(0)
		if p.connected() {
			mine = p.at.Session
		}
		for _, s := range sessions {
			if s.ID != mine || !s.Attached {
				return "a session lives on that nobody has"
			}
			for _, k := range s.Keys {
				want[k] = append(want[k], s.ID)
			}
			for k, on := range p.on {
				if on != slices.Contains(s.Keys, k) {
					return "a session is not on the streams that its player was told"
				}
			}
		}
		if mine != 0 && len(sessions) == 0 {
			return "a player's session is gone"
		}
	}
	for n := range rooms {
		got, ok := w.players[0].present(roomKey(n))
		if !ok {
			return "a room's presences cannot be read"
		}
		slices.Sort(want[roomKey(n)])
		if !slices.Equal(got, want[roomKey(n)]) {
			return "those present in a room are not the sessions that are on it"
		}
	}
	return ""
}

// sessions reads the user's sessions.
func (p *player) sessions() ([]session.Session, bool) {
	var r session.ListRequest
	reply, ok := p.query(session.KindList, r.Fields(), r.Append)
	if !ok {
		return nil, false
	}
	in := pack.NewCursor(reply)
	list, err := session.DecodeListReply(&in)
	p.w.failIf(err != nil, "decode a list of sessions: %v", err)
	return list.Sessions, true
}

// present reads who is on a stream.
func (p *player) present(key string) ([]grid.SessionID, bool) {
	r := presence.ListRequest{Key: []byte(key), Limit: presence.PageMembersMax}
	reply, ok := p.query(presence.KindList, r.Fields(), r.Append)
	if !ok {
		return nil, false
	}
	in := pack.NewCursor(reply)
	list, err := presence.DecodeListReply(&in)
	p.w.failIf(err != nil, "decode a list of presences: %v", err)
	var all []grid.SessionID
	for _, m := range list.Members {
		all = append(all, m.Session)
	}
	return all, true
}

func (p *player) query(kind grid.Kind, n int, add func([]byte) []byte) ([]byte, bool) {
	in := pack.NewCursor(add(nil))
	key, body, err := ops[kind].Prepare(&grid.Caller{User: p.user}, &in, n, nil)
	p.w.failIf(err != nil, "prepare %#x: %v", uint16(kind), err)
	return p.read(grid.Linearizable, ops[kind], string(key), body)
}
