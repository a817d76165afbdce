package wire

import (
	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/presence"
	"github.com/thronggrid/throng/grid/session"
)

func lobby() string { return string(grid.AppendKey(nil, grid.StreamRoom, "lobby")) }

// streamVectors tell how sessions come on streams and go.
func streamVectors(w *world) goldens {
	all := goldens{}
	track := func(status string) *session.TrackRequest {
		return &session.TrackRequest{Key: lobby(), Status: status}
	}
	enter := func(c *grid.Caller, status string) {
		w.serve(c, writeOf(session.KindTrack, 17, 0, 0, track(status)))
	}
	tracked := names("seq", "low", "stream", "status")
	w.ask(all, "presence_track", "a session enters a room", &w.alice,
		writeOf(session.KindTrack, 17, 0, 0, track("exploring")), tracked, names("stream"))
	w.push(all, "presence_entered", "the session is in the room, which has one now",
		presence.KindEntered, names("stream", "count", "last"))
	enter(&w.server, "")
	w.changes.Reset()

	enter(&w.bob, "größer")
	enter(&w.alice, "fighting")
	w.ask(all, "presence_untrack", "a session leaves a room", &w.server,
		writeOf(session.KindUntrack, 18, 0, 0, &session.UntrackRequest{Key: lobby()}),
		names("seq", "low", "stream"), names("stream"))
	all["presence_changed"] = golden{"one session has entered, one has left, one has another status",
		frameOf(presence.KindChanged, 0, 0, w.changes.Append(nil, []byte(lobby()))),
		names("stream", "count", "joined", "left", "updated", "joins", "leaves", "updates")}

	list := &presence.ListRequest{Key: []byte(lobby()), Limit: 1}
	listed, page := names("stream", "after", "limit"), names("count", "members", "next")
	w.ask(all, "presence_list", "who is in a room: the first page of one member", &w.bob,
		readOf(presence.KindList, grid.Leader, 19, list), listed, page)
	list = &presence.ListRequest{Key: []byte(lobby()), After: w.alice.Session, Limit: 100}
	w.ask(all, "presence_list_next", "who is in a room: the last page", &w.bob,
		readOf(presence.KindList, grid.Leader, 20, list), listed, page)
	w.ask(all, "presence_count", "how many are in a room, from any replica", &w.bob,
		readOf(presence.KindCount, grid.Stale, 21, &presence.CountRequest{Key: []byte(lobby())}),
		names("stream"), names("count"))

	status := &session.TrackRequest{Key: string(grid.StatusKey(nil, w.alice.User)), Status: "in a match"}
	w.ask(all, "presence_track_status", "a player's own status", &w.alice,
		writeOf(session.KindTrack, 22, 0, 0, status), tracked, names("stream"))
	w.ask(all, "session_list", "the sessions of the caller: one, on two streams", &w.alice,
		readOf(session.KindList, grid.Leader, 23, &session.ListRequest{}),
		names("user id", "after"), names("sessions"))
	return all
}

// endVectors tell how sessions are taken off streams, and ended.
func endVectors(w *world) goldens {
	all := goldens{}
	full := fault.New(fault.ResourceExhausted,
		"%d sessions are on this stream, the most there may be: use several", presence.MembersMax)
	w.apply(w.alice.User[:], presence.KindDropped, &presence.DroppedRequest{
		User: w.alice.User, Session: w.alice.Session, Key: []byte(lobby()),
		Code: full.Code, Message: full.Message})
	w.push(all, "presence_refused", "the session is not in the room: that is full",
		session.KindRefused, names("stream", "code", "message"))
	ended := names("seq", "low", "session id", "user id")
	r := &session.EndRequest{Session: w.bob.Session, User: w.bob.User}
	w.ask(all, "session_end", "a server ends a player's session", &w.server,
		writeOf(session.KindEnd, 31, 0, 0, r), ended, names("ended"))
	w.ask(all, "session_end_own", "a session ends itself", &w.alice,
		writeOf(session.KindEnd, 32, 0, 0, &session.EndRequest{}), ended, names("ended"))
	w.ask(all, "session_list_empty", "a server lists the sessions of a player: there are none", &w.server,
		readOf(session.KindList, grid.Linearizable, 33, &session.ListRequest{User: w.bob.User}),
		names("user id", "after"), names("sessions"))
	return all
}
