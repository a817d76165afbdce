package session

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"
	"unsafe"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/presence"
)

var (
	alice    = person(1)
	gateway  = origin(1, 1)
	gateway2 = origin(2, 1)
)

func (w *world) resume(id grid.SessionID, o grid.Origin, conn uint64, shown, next int) error {
	_, err := w.do(KindResume, bodyOf(&ResumeRequest{User: alice, Session: id, Origin: o, Conn: conn,
		Secret: secret(shown), Next: secret(next)}))
	return err
}

func (w *world) confirm(id grid.SessionID, o grid.Origin, conn uint64) error {
	_, err := w.do(KindConfirm, bodyOf(&ConfirmRequest{alice, id, o, conn}))
	return err
}

func (w *world) detachConn(t *testing.T, o grid.Origin, conn uint64, grace int64) bool {
	t.Helper()
	out, err := w.do(KindDetach, bodyOf(&DetachRequest{alice, o, conn, grace}))
	want(t, "detach", err, fault.OK)
	return gridtest.Whole(out, decodeBool)
}

func (w *world) attached(id grid.SessionID) bool {
	e, ok := w.find(&alice, id)
	return ok && e.ends == 0
}

func TestALostWelcomeDoesNotLoseTheSession(t *testing.T) {
	w := newWorld()
	id := w.open(t, OpenRequest{User: alice, Origin: gateway, Conn: 1, Secret: secret(0)})
	// However many welcomes are lost, the client goes on showing what it has.
	for conn := range uint64(5) {
		want(t, "resume", w.resume(id, gateway, 2+conn, 0, 10+int(conn)), fault.OK)
	}
	want(t, "resume with a secret of a lost welcome", w.resume(id, gateway, 20, 12, 30), fault.NotFound)
	want(t, "confirm", w.confirm(id, gateway, 6), fault.OK)
	want(t, "confirm again", w.confirm(id, gateway, 6), fault.OK)
	want(t, "resume with what is void now", w.resume(id, gateway, 21, 0, 31), fault.NotFound)
	// The connection may break before the first frame: then it is not confirmed, and both are good.
	want(t, "resume with the newest", w.resume(id, gateway, 22, 14, 32), fault.OK)
	want(t, "resume with the one before", w.resume(id, gateway, 23, 14, 33), fault.OK)
	want(t, "resume with the newest again", w.resume(id, gateway, 24, 33, 34), fault.OK)
	want(t, "resume with one before that", w.resume(id, gateway, 25, 14, 35), fault.NotFound)
}

func TestTheRefusalDoesNotTellWhatIsWrong(t *testing.T) {
	w := newWorld()
	id := w.open(t, OpenRequest{User: alice, Origin: gateway, Conn: 1, Secret: secret(0)})
	wrong, none := w.resume(id, gateway, 2, 1, 2), w.resume(id+1, gateway, 2, 0, 2)
	if wrong.Error() != none.Error() {
		t.Errorf("%v, but %v", wrong, none)
	}
}

func TestWhoResumesLastHasTheSession(t *testing.T) {
	w := newWorld()
	id := w.open(t, OpenRequest{User: alice, Origin: gateway, Conn: 1, Secret: secret(0)})
	w.track(t, caller(alice, id, gateway, 1), room("a"), "x")

	want(t, "resume", w.resume(id, gateway2, 1, 0, 1), fault.OK)
	if got := w.told(); !slices.Equal(got, []string{endedHint(id, gateway, 1, Replaced)}) {
		t.Errorf("told %q", got)
	}
	if move := enters(room("a"), id, alice, gateway2, 1, rebound); !slices.Equal(w.sent, []string{move}) {
		t.Errorf("sent %q, want %q", w.sent, move)
	}
	want(t, "resume on the same gateway", w.resume(id, gateway2, 2, 1, 2), fault.OK)
	if len(w.sent) > 0 {
		t.Errorf("sent %q, and the gateway is the same", w.sent)
	}

	// What the old connections still send does nothing.
	before := gridtest.Encode(w.Sessions)
	for _, old := range []*grid.Caller{caller(alice, id, gateway, 1), caller(alice, id, gateway2, 1)} {
		_, err := ask(w, old, KindTrack, &TrackRequest{room("b"), ""}, DecodeTrackReply)
		want(t, "late track", err, fault.FailedPrecondition)
		_, err = ask(w, old, KindUntrack, &UntrackRequest{room("a")}, DecodeTrackReply)
		want(t, "late untrack", err, fault.FailedPrecondition)
		_, err = ask(w, old, KindEnd, &EndRequest{}, DecodeEndReply)
		want(t, "late end", err, fault.FailedPrecondition)
		want(t, "late confirm", w.confirm(id, old.Origin, old.Conn), fault.FailedPrecondition)
		if w.detachConn(t, old.Origin, old.Conn, 0) {
			t.Error("a late detach found a session")
		}
	}
	if !bytes.Equal(gridtest.Encode(w.Sessions), before) {
		t.Error("late commands have changed something")
	}
}

func TestGatewaysMayAskAgain(t *testing.T) {
	w := newWorld()
	r := OpenRequest{User: alice, Origin: gateway, Conn: 1, Secret: secret(0), Spend: person(50),
		SpendUntil: w.stamp + 100*second}
	id := w.open(t, r)
	again := func(what string, do func()) {
		t.Helper()
		before := gridtest.Encode(w.Sessions)
		do()
		if !bytes.Equal(gridtest.Encode(w.Sessions), before) || len(w.sent)+len(w.hints.Hints) > 0 {
			t.Errorf("to %s again did something, and sent %q, told %q", what, w.sent, w.told())
		}
	}
	opens := func() {
		if got := w.open(t, r); got != id {
			t.Errorf("opened %d, and again %d", id, got)
		}
	}
	again("open", opens)
	w.detachConn(t, gateway, 1, 10*second)
	again("detach", func() {
		if w.detachConn(t, gateway, 1, 60*second) {
			t.Error("a detached session was detached")
		}
	})
	again("open what was detached", opens)

	resumes := func() { want(t, "resume", w.resume(id, gateway2, 9, 0, 1), fault.OK) }
	resumes()
	again("resume", resumes)
	want(t, "confirm", w.confirm(id, gateway2, 9), fault.OK)
	again("resume what was confirmed", resumes)
	w.detachConn(t, gateway2, 9, 10*second)
	again("resume for a connection that has gone", resumes)
	if w.attached(id) {
		t.Error("bound to a connection that has gone")
	}

	// A resume whose outcome was lost, and the opening that the gateway tries then.
	if got := w.open(t, OpenRequest{User: alice, Origin: gateway2, Conn: 9, Secret: secret(1)}); got != id {
		t.Errorf("another session %d for the same connection", got)
	}
	c := caller(alice, id, gateway2, 9)
	want(t, "resume", w.resume(id, gateway2, 10, 1, 2), fault.OK)
	c.Conn = 10
	for _, ended := range []bool{true, false} {
		got, err := ask(w, c, KindEnd, &EndRequest{}, DecodeEndReply)
		if want(t, "end", err, fault.OK); got.Ended != ended {
			t.Errorf("ended %v, want %v", got.Ended, ended)
		}
	}
}

func TestSessionsEnd(t *testing.T) {
	w := newWorld()
	own := w.open(t, OpenRequest{User: alice, Origin: gateway, Conn: 1})
	other := w.open(t, OpenRequest{User: alice, Origin: gateway2, Conn: 1})
	bob := w.open(t, OpenRequest{User: person(2), Origin: gateway, Conn: 2})
	c := caller(alice, own, gateway, 1)
	end := func(c *grid.Caller, r EndRequest, ended bool) {
		t.Helper()
		got, err := ask(w, c, KindEnd, &r, DecodeEndReply)
		if want(t, "end", err, fault.OK); got.Ended != ended {
			t.Errorf("end %+v: %v", r, got)
		}
	}
	end(c, EndRequest{Session: other}, true)
	if got := w.told(); !slices.Equal(got, []string{endedHint(other, gateway2, 1, Ended)}) {
		t.Errorf("told %q", got)
	}
	end(c, EndRequest{Session: other}, false)
	end(c, EndRequest{Session: bob}, false) // a player's own user has no such session
	_, err := ask(w, c, KindEnd, &EndRequest{Session: bob, User: person(2)}, DecodeEndReply)
	want(t, "end another's", err, fault.PermissionDenied)
	server := caller(person(9), 99, gateway, 9)
	server.Server = true
	end(server, EndRequest{Session: bob, User: person(2)}, true)
	_, err = ask(w, server, KindEnd, &EndRequest{User: alice}, DecodeEndReply)
	want(t, "end none of another's", err, fault.InvalidArgument)
	end(c, EndRequest{}, true)
	if w.rows.Len() != 0 {
		t.Errorf("%d sessions are left", w.rows.Len())
	}
}

func TestAStartedNodeDetachesWhatItsDeadIncarnationsHad(t *testing.T) {
	w := newWorld()
	first := w.open(t, OpenRequest{User: alice, Origin: origin(1, 1), Conn: 1, Secret: secret(0)})
	elsewhere := w.open(t, OpenRequest{User: alice, Origin: gateway2, Conn: 1})
	waiting := w.open(t, OpenRequest{User: alice, Origin: origin(1, 1), Conn: 2, Secret: secret(2)})
	w.track(t, caller(alice, first, gateway, 1), room("a"), "x")
	w.detachConn(t, origin(1, 1), 2, 5*second)
	grace := w.Due()

	w.floors = w.floors.With(origin(1, 3))
	w.Sweep(w.turn(), 10*second)
	swept := w.stamp
	if w.attached(first) || !w.attached(elsewhere) || w.Due() != grace {
		t.Errorf("attached %v and %v, the next due at %d", w.attached(first), w.attached(elsewhere), w.Due())
	}
	if len(w.sent)+len(w.hints.Hints) > 0 {
		t.Errorf("sent %q, told %q", w.sent, w.told())
	}
	// Nothing that the dead still have under way counts.
	want(t, "resume there", w.resume(first, origin(1, 2), 5, 0, 1), fault.Aborted)
	_, err := w.do(KindOpen, bodyOf(&OpenRequest{User: alice, Origin: origin(1, 1), Conn: 1}))
	want(t, "open there", err, fault.Aborted)
	_, err = ask(w, caller(alice, first, origin(1, 1), 1), KindTrack, &TrackRequest{room("b"), ""}, DecodeTrackReply)
	want(t, "track there", err, fault.FailedPrecondition)

	want(t, "resume elsewhere", w.resume(waiting, gateway2, 6, 2, 3), fault.OK)
	if w.Due() != swept+10*second {
		t.Errorf("due at %d, swept at %d", w.Due(), swept)
	}
	_, sent, told := w.tick(t, swept+10*second)
	if !slices.Equal(sent, []string{leaves(room("a"), first)}) ||
		!slices.Equal(told, []string{endedHint(first, origin(1, 1), 1, Ended)}) {
		t.Errorf("sent %q, told %q", sent, told)
	}
	want(t, "resume what has ended", w.resume(first, gateway2, 7, 0, 1), fault.NotFound)
}

func TestTheEndOfGraceComesInBoundedTurns(t *testing.T) {
	w := newWorld()
	const sessions = 6
	all := 0
	for i := range sessions {
		user := person(i)
		id := w.open(t, OpenRequest{User: user, Origin: gateway, Conn: 1})
		for n := range StreamsMax - 20*i {
			w.track(t, caller(user, id, gateway, 1), room(fmt.Sprint(n)), "")
			all++
		}
	}
	for i := range 3 * TickMax {
		w.open(t, OpenRequest{User: person(100 + i), Origin: gateway, Conn: 1,
			Spend: person(i), SpendUntil: w.stamp + 3600*second})
	}
	w.floors = w.floors.With(origin(1, 2))
	w.Sweep(w.turn(), second)
	if turns, _, _ := w.tick(t, w.stamp+second/2); turns != 0 {
		t.Fatalf("%d turns before the grace is over", turns)
	}
	turns, sent, _ := w.tick(t, w.stamp+second)
	if least := (all + sessions) / TickMax; len(sent) != all || turns < least || turns > 3*least+4 {
		t.Errorf("%d duties in %d turns, want %d", len(sent), turns, all)
	}
	if turns, _, _ := w.tick(t, w.stamp+3600*second); turns != 3 || w.Due() != math.MaxInt64 {
		t.Errorf("%d turns for the tokens, the next due at %d", turns, w.Due())
	}
}

func TestAGraceIsNeverBeyondTime(t *testing.T) {
	for _, stamp := range []int64{-1, 0, math.MaxInt64 - 2} {
		w := newWorld()
		w.stamp = stamp
		id := w.open(t, OpenRequest{User: alice, Origin: gateway, Conn: 1})
		if !w.detachConn(t, gateway, 1, math.MaxInt64) || w.Due() <= 0 || w.attached(id) {
			t.Errorf("at %d the grace ends at %d", stamp, w.Due())
		}
		gridtest.Recode(t, Decode, w.Sessions)
	}
}

func TestAUserHasSoManySessions(t *testing.T) {
	for name, c := range map[string]struct {
		server bool
		most   int
	}{"player": {false, SessionsPerUserMax}, "server": {true, SessionsOfServersMax}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			next := OpenRequest{User: alice, Origin: gateway, Server: c.server}
			ids := []grid.SessionID{}
			for range c.most {
				next.Conn++
				ids = append(ids, w.open(t, next))
			}
			next.Conn++
			_, err := w.do(KindOpen, bodyOf(&next))
			want(t, "one too many", err, fault.ResourceExhausted)
			w.track(t, caller(alice, ids[5], gateway, 6), room("a"), "")
			w.detachConn(t, gateway, 4, 60*second)
			w.detachConn(t, gateway, 6, 50*second)
			w.detachConn(t, gateway, 9, 70*second)
			w.open(t, next) // the grace of the sixth ends first
			if !slices.Equal(w.sent, []string{leaves(room("a"), ids[5])}) ||
				!slices.Equal(w.told(), []string{endedHint(ids[5], gateway, 6, MadeRoom)}) {
				t.Errorf("sent %q, told %q", w.sent, w.told())
			}
			if got := w.list(alice); len(got) != c.most {
				t.Errorf("%d sessions", len(got))
			}
		})
	}
}

func TestASlotHasSoManySessionsAndTokens(t *testing.T) {
	nth := func(i int) (id grid.ID) { // in order, which makes it quick
		binary.BigEndian.PutUint64(id[:], uint64(i+1))
		return id
	}
	w := newWorld()
	for i := range SessionsPerSlotMax {
		w.rows.Load(entry{nth(i), 1, &row{origin: gateway}})
	}
	_, err := w.do(KindOpen, bodyOf(&OpenRequest{User: alice, Origin: gateway}))
	want(t, "one session too many", err, fault.ResourceExhausted)
	if fault.Of(err).Retry == 0 {
		t.Errorf("%v does not say when to ask again", err)
	}
	w = newWorld()
	for i := range SpentPerSlotMax {
		w.Sessions.spent.byUser.Set(token{nth(i), w.stamp + second, nth(i), 0})
	}
	r := OpenRequest{User: alice, Origin: gateway, Spend: person(-6), SpendUntil: w.stamp + 9*second}
	_, err = w.do(KindOpen, bodyOf(&r))
	want(t, "one token too many", err, fault.ResourceExhausted)
	r.User = nth(5) // whose token has expired by then
	w.stamp += second
	w.open(t, r)
}

func TestASessionIsOnSoManyStreams(t *testing.T) {
	w := newWorld()
	c := caller(alice, w.open(t, OpenRequest{User: alice, Origin: gateway, Conn: 1}), gateway, 1)
	for i := range StreamsMax {
		w.track(t, c, room(fmt.Sprint(i)), "")
	}
	_, err := ask(w, c, KindTrack, &TrackRequest{room("more"), ""}, DecodeTrackReply)
	want(t, "one stream too many", err, fault.ResourceExhausted)
	w.track(t, c, room("0"), "another status")
	_, err = ask(w, c, KindUntrack, &UntrackRequest{room("64")}, DecodeTrackReply)
	want(t, "untrack", err, fault.OK)
	w.track(t, c, room("more"), "")
	if keys := w.list(alice)[0].Keys; len(keys) != StreamsMax || keys[StreamsMax-1] != room("more") {
		t.Errorf("on %q", keys)
	}
}

// TestStreamsThatWereLeftKeepNoMemory: what is left is no part of what there was.
func TestStreamsThatWereLeftKeepNoMemory(t *testing.T) {
	s := streams("").with([]byte("\x02first")).with([]byte("\x02second"))
	less := s.without(s.find([]byte("\x02second")))
	if less != "\x06\x02first" || unsafe.StringData(string(less)) == unsafe.StringData(string(s)) {
		t.Errorf("%q of %q", less, s)
	}
	if none := less.without(0); none != "" || none.count() != 0 {
		t.Errorf("%q", none)
	}
}

func TestARefreshTokenOpensOnce(t *testing.T) {
	w := newWorld()
	conn := uint64(0)
	open := func(user, id int, until int64) error {
		conn++
		out, err := w.do(KindOpen, bodyOf(&OpenRequest{User: person(user), Origin: gateway, Conn: conn,
			Server: true, Spend: person(id), SpendUntil: until}))
		if err == nil {
			shown := ConfirmRequest{person(user), gridtest.Whole(out, DecodeOpenReply).Session, gateway, conn}
			_, err = w.do(KindConfirm, bodyOf(&shown))
		}
		return err
	}
	end := w.stamp + 1000*second
	want(t, "first use", open(1, 1, end), fault.OK)
	want(t, "second use", open(1, 1, end), fault.Unauthenticated)
	want(t, "second use that says another end", open(1, 1, end+5), fault.Unauthenticated)
	want(t, "expired", open(1, 2, w.stamp), fault.Unauthenticated)
	for i := range SpentPerUserMax - 1 {
		want(t, "others", open(1, 10+i, end+int64(i)), fault.OK)
	}
	want(t, "one too many", open(1, 2, end+5000), fault.Unauthenticated)
	want(t, "another user's", open(2, 2, end+5000), fault.OK)
	w.stamp = end + 100
	want(t, "when some have expired", open(1, 2, end+5000), fault.OK)
	expired := 1 + 102 // the first, and others up to end+101, which it is by then
	if n := w.Sessions.spent.byUser.Len(); n != SpentPerUserMax-expired+2 {
		t.Errorf("%d tokens are remembered", n)
	}
	w.tick(t, end+5000)
	checkIndexes(t, w.Sessions)
	if n := w.Sessions.spent.byUser.Len(); n != 0 {
		t.Errorf("%d tokens are remembered for ever", n)
	}
	want(t, "use after it was forgotten", open(1, 1, end), fault.Unauthenticated)
}

// TestNobodyNeedsTheHints: where none are made, all else is the same.
func TestNobodyNeedsTheHints(t *testing.T) {
	loud, quiet := newWorld(), newWorld()
	do := func(kind grid.Kind, body []byte) {
		t.Helper()
		turn := quiet.turn()
		turn.Effects = nil
		silent, err := quiet.Apply(turn, kind, body, nil)
		want(t, "without hints", err, fault.OK)
		reply, err := loud.do(kind, body)
		want(t, "with hints", err, fault.OK)
		if !bytes.Equal(reply, silent) || !slices.Equal(loud.sent, quiet.sent) {
			t.Fatalf("%#x: %x and %x, sent %q and %q", kind, reply, silent, loud.sent, quiet.sent)
		}
	}
	do(KindOpen, bodyOf(&OpenRequest{User: alice, Origin: gateway, Conn: 1, Secret: secret(0)}))
	id := loud.list(alice)[0].ID
	_, body, err := prepare(caller(alice, id, gateway, 1), KindTrack, &TrackRequest{room("a"), "x"})
	want(t, "prepare", err, fault.OK)
	do(KindTrack, body)
	do(KindResume, bodyOf(&ResumeRequest{User: alice, Session: id, Origin: gateway2, Conn: 2,
		Secret: secret(0), Next: secret(1)}))
	do(presence.KindDropped, bodyOf(&presence.DroppedRequest{User: alice, Session: id,
		Key: []byte(room("a")), Code: fault.ResourceExhausted, Message: "full"}))
	_, body, err = prepare(caller(alice, id, gateway2, 2), KindEnd, &EndRequest{})
	want(t, "prepare", err, fault.OK)
	do(KindEnd, body)
	if !bytes.Equal(gridtest.Encode(loud.Sessions), gridtest.Encode(quiet.Sessions)) || loud.rows.Len() != 0 {
		t.Error("the states differ")
	}
}
