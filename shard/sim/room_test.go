package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/chat"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/pack"
)

// roomLog is what one player said and was given in one room. It belongs to the
// player's goroutine.
type roomLog struct {
	p      *player
	key    string
	reader *chat.Reader

	given []chat.Message // number i+1 is given[i]
	// said holds, by number, what each acknowledged message may be by now: "" when
	// it was removed.
	said     map[uint64][]string
	doubtful map[string]bool // contents that may have been sent, or may yet be
	own      []uint64        // numbers of the newest messages
	count    int
}

func newRoomLog(p *player, n int) *roomLog {
	return &roomLog{p: p, key: roomKey(n), reader: chat.NewReader(0),
		said: make(map[uint64][]string), doubtful: make(map[string]bool)}
}

// write runs a request of the player's with a request id.
func (r *roomLog) write(kind grid.Kind, n int, add func([]byte) []byte) (answer, fate) {
	p := r.p
	p.mu.Lock()
	caller := grid.Caller{User: p.user, Client: p.numbers.id, Address: p.at}
	p.mu.Unlock()
	in := pack.NewCursor(add(nil))
	op := p.w.chat[kind]
	_, body, err := op.Prepare(&caller, &in, n, nil)
	p.w.failIf(err != nil, "prepare %s: %v", op.Name, err)
	return p.write(op, r.key, body)
}

func (r *roomLog) send() {
	r.count++
	content := fmt.Sprintf("%v says %d", r.p.user, r.count)
	q := chat.SendRequest{Key: r.key, Content: content}
	a, fate := r.write(chat.KindSend, q.Fields(), q.Append)
	r.p.w.count(func(s *stats) { s.messages++ })
	switch {
	case fate == unknown:
		r.doubtful[content] = true
	case fate == failed || fault.Code(a.status) == fault.FailedPrecondition ||
		fault.Code(a.status) == fault.ResourceExhausted:
	case a.status != 0:
		r.p.w.failIf(true, "send: status %d %q", a.status, a.body)
	default:
		in := pack.NewCursor(a.body)
		reply, err := chat.DecodeSendReply(&in)
		r.p.w.failIf(err != nil, "decode a send: %v", err)
		_, twice := r.said[reply.Seq]
		r.p.w.failIf(twice, "number %d was acknowledged twice", reply.Seq)
		r.said[reply.Seq] = []string{content}
		r.own = append(r.own, reply.Seq)
	}
}

// change updates or removes one of the newest messages.
func (r *roomLog) change() {
	if len(r.own) == 0 {
		return
	}
	seq, content := r.own[len(r.own)-1], ""
	var a answer
	var fate fate
	if r.p.rand.IntN(3) == 0 {
		r.own = r.own[:len(r.own)-1]
		q := chat.RemoveRequest{Key: r.key, Seq: seq}
		a, fate = r.write(chat.KindRemove, q.Fields(), q.Append)
	} else {
		r.count++
		content = fmt.Sprintf("%v corrects %d", r.p.user, r.count)
		q := chat.UpdateRequest{Key: r.key, Seq: seq, Content: content}
		a, fate = r.write(chat.KindUpdate, q.Fields(), q.Append)
	}
	switch {
	case fate == unknown:
		r.said[seq] = append(r.said[seq], content)
	case fate == failed || fault.Code(a.status) == fault.FailedPrecondition:
	case a.status != 0:
		r.p.w.failIf(true, "change %d: status %d %q", seq, a.status, a.body)
	default:
		r.said[seq] = []string{content}
	}
}

func (r *roomLog) heard(kind grid.Kind, m chat.Message) {
	if kind == chat.KindMessage {
		r.reader.Push(m)
	} else {
		r.reader.Changed(m)
	}
}

// follow takes what the reader gives, and reads once if something is missing.
func (r *roomLog) follow() {
	r.take()
	from, ok := r.reader.Fetch()
	if !ok {
		return
	}
	page, ok := r.history(from)
	if !ok {
		r.reader.Lost()
		return
	}
	r.reader.Page(from, page)
	r.take()
}

func (r *roomLog) take() {
	for m, gone, ok := r.reader.Next(); ok; m, gone, ok = r.reader.Next() {
		r.p.w.failIf(gone > 0, "%d messages before %d are gone", gone, m.Seq)
		r.p.w.failIf(m.Seq != uint64(len(r.given))+1,
			"message %d was given behind %d", m.Seq, len(r.given))
		r.given = append(r.given, m)
	}
}

// history reads a page forward.
func (r *roomLog) history(from uint64) (*chat.HistoryReply, bool) {
	q := chat.HistoryRequest{Key: r.key, From: from, Limit: 1 + r.p.rand.IntN(chat.HistoryMessagesMax)}
	in := pack.NewCursor(q.Append(nil))
	op := r.p.w.chat[chat.KindHistory]
	_, body, err := op.Prepare(&grid.Caller{User: r.p.user}, &in, q.Fields(), nil)
	r.p.w.failIf(err != nil, "prepare %s: %v", op.Name, err)
	level := []grid.Level{grid.Leader, grid.Linearizable}[r.p.rand.IntN(2)]
	reply, ok := r.p.read(level, op, r.key, body)
	if !ok {
		return nil, false
	}
	out := pack.NewCursor(reply)
	page, err := chat.DecodeHistoryReply(&out)
	r.p.w.failIf(err != nil, "decode a page: %v", err)
	return &page, true
}

// settleRooms checks the rooms of the healed world.
func (w *world) settleRooms() {
	for n := range rooms {
		var all []chat.Message
		for until := time.Now().Add(time.Minute); ; {
			w.failIf(time.Now().After(until), "room %d cannot be read", n)
			if w.failed() != nil {
				return
			}
			page, ok := w.players[0].rooms[n].history(uint64(len(all)) + 1)
			if !ok {
				continue
			}
			for _, m := range page.Messages {
				w.failIf(m.Seq != uint64(len(all))+1, "number %d stands behind %d", m.Seq, len(all))
				all = append(all, m)
			}
			if uint64(len(all)) == page.Last {
				break
			}
		}
		w.compareRoom(n, all)
		for _, p := range w.players {
			p.rooms[n].catchUp(all)
		}
	}
}

// compareRoom checks that every message is what its sender says, and none is
// there twice.
func (w *world) compareRoom(n int, all []chat.Message) {
	seen := make(map[string]bool)
	for _, m := range all {
		w.failIf(!m.Removed && seen[m.Content], "room %d: %q was sent once and is there twice", n, m.Content)
		seen[m.Content] = true
		i := slices.IndexFunc(w.players, func(p *player) bool { return p.user == m.Sender })
		if w.failIf(i < 0, "room %d: number %d is of nobody", n, m.Seq); i < 0 {
			return
		}
		r := w.players[i].rooms[n]
		possible, acked := r.said[m.Seq]
		w.failIf(acked && !slices.Contains(possible, m.Content),
			"room %d: number %d is %q, possible are %q", n, m.Seq, m.Content, possible)
		w.failIf(!acked && !r.doubtful[m.Content], "room %d: number %d, %q, was not sent", n, m.Seq, m.Content)
	}
	for _, p := range w.players {
		for seq := range p.rooms[n].said {
			w.failIf(seq > uint64(len(all)), "room %d: number %d was acknowledged, the last is %d",
				n, seq, len(all))
		}
	}
}

// catchUp lets the player be given the rest, and compares it with what there is.
func (r *roomLog) catchUp(all []chat.Message) {
	r.reader.Lost()
	for until := time.Now().Add(time.Minute); len(r.given) < len(all); {
		r.follow()
		r.p.w.failIf(time.Now().After(until), "%v was given %d messages of %d", r.p.user, len(r.given), len(all))
		if r.p.w.failed() != nil {
			return
		}
	}
	for i, m := range r.given[:len(all)] {
		r.p.w.failIf(m.Sender != all[i].Sender || m.Time != all[i].Time,
			"%v was given %+v, there is %+v", r.p.user, m, all[i])
	}
}
