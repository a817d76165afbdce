package wire

import (
	"fmt"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
)

// changed are the fields of the pushes of messages, page of a page of them.
func changed() []string { return names("stream", "message") }
func page() []string    { return names("first", "last", "messages") }

// roomVectors tell what is said in a room.
func roomVectors(w *world) goldens {
	all := goldens{}
	history := names("stream", "from", "limit", "backward")
	revision := names("revision")
	w.ask(all, "chat_info_empty", "which messages a room has in which nothing was said", &w.bob,
		readOf(chat.KindInfo, grid.Leader, 24, &chat.InfoRequest{Key: lobby()}),
		names("stream"), names("first", "last"))
	w.ask(all, "chat_send", "a message is sent", &w.alice,
		writeOf(chat.KindSend, 25, 5, 5, &chat.SendRequest{Key: lobby(), Content: "Grüß Gott"}),
		names("seq", "low", "stream", "content"), names("seq", "time"))
	w.push(all, "chat_message", "a new message: [seq, time, revision, sender, session, content]",
		chat.KindMessage, changed())
	w.serve(&w.bob, writeOf(chat.KindSend, 25, 1, 1, &chat.SendRequest{Key: lobby(), Content: "hi"}))
	w.ask(all, "chat_update", "a message gets another content", &w.alice,
		writeOf(chat.KindUpdate, 26, 6, 5, &chat.UpdateRequest{Key: lobby(), Seq: 1, Content: "Hello"}),
		names("seq", "low", "stream", "seq", "content"), revision)
	w.push(all, "chat_changed", "a message was updated", chat.KindChanged, changed())
	w.ask(all, "chat_remove", "a message is removed, by the studio's server", &w.server,
		writeOf(chat.KindRemove, 27, 7, 7, &chat.RemoveRequest{Key: lobby(), Seq: 2}),
		names("seq", "low", "stream", "seq"), revision)
	w.push(all, "chat_changed_removed", "a message was removed: it has no content",
		chat.KindChanged, changed())
	w.ask(all, "chat_signal", "something is shown to all in a room", &w.bob,
		readOf(chat.KindSignal, grid.Leader, 28, &chat.SignalRequest{Key: lobby(), Content: "typing"}),
		names("stream", "content"), nil)
	w.push(all, "chat_signal_push", "what is shown to all in a room", chat.KindSignaled,
		names("stream", "session id", "user id", "content"))
	at := chat.AtEvent{Key: lobby(), Last: 2}
	all["chat_at"] = golden{"the last message of a room, to members that may have lost pushes",
		frameOf(chat.KindAt, 0, 0, at.Append(nil)), names("stream", "last")}
	w.ask(all, "chat_history", "messages from number 1 on", &w.bob,
		readOf(chat.KindHistory, grid.Leader, 29,
			&chat.HistoryRequest{Key: lobby(), From: 1, Limit: 100}), history, page())
	w.ask(all, "chat_history_backward", "the newest message", &w.bob,
		readOf(chat.KindHistory, grid.Linearizable, 30,
			&chat.HistoryRequest{Key: lobby(), Limit: 1, Backward: true}), history, page())
	w.ask(all, "chat_info", "which messages a room has, from any replica", &w.bob,
		readOf(chat.KindInfo, grid.Stale, 24, &chat.InfoRequest{Key: lobby()}),
		names("stream"), names("first", "last"))
	return all
}

// lateVectors tell of a message that only the archive has, and that changes.
func lateVectors(w *world) goldens {
	all := goldens{}
	key := string(grid.AppendKey(nil, grid.StreamRoom, "hall"))
	const last = chat.TailMessages + 1
	for i := range last {
		r := &chat.SendRequest{Key: key, Content: fmt.Sprint("message ", i+1)}
		w.serve(&w.server, writeOf(chat.KindSend, 25, 0, 0, r))
	}
	w.apply([]byte(key), chat.KindArchived, &chat.ArchivedRequest{Key: key, Seq: last})
	w.serve(&w.server, writeOf(chat.KindUpdate, 26, 0, 0,
		&chat.UpdateRequest{Key: key, Seq: 1, Content: "better"}))
	w.push(all, "chat_changed_archived", "a message that only the archive has was updated: "+
		"what is not known of it is zero", chat.KindChanged, changed())
	return all
}
