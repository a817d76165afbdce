package session

import (
	"slices"
	"testing"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
)

// The tokens of these tests; the second is given out in the session that the first opens.
const (
	tokenOne = iota + 1
	tokenTwo
)

// refreshing is alice, who has a refresh token.
type refreshing struct {
	*world
	t    *testing.T
	conn uint64
	end  int64 // of the tokens
}

func newRefreshing(t *testing.T) *refreshing {
	w := newWorld()
	return &refreshing{world: w, t: t, end: w.stamp + 1000*second}
}

// opens opens a session with a token given out in another, from a connection of its
// own; secret(n) resumes the n-th.
func (r *refreshing) opens(in grid.SessionID, which byte, code fault.Code) (id grid.SessionID) {
	r.t.Helper()
	r.conn++
	out, err := r.do(KindOpen, bodyOf(&OpenRequest{User: alice, Origin: gateway, Conn: r.conn,
		Secret: secret(int(r.conn)), Spend: TokenID(in, [8]byte{which}), SpendUntil: r.end}))
	want(r.t, "open", err, code)
	if err == nil {
		id = gridtest.Whole(out, DecodeOpenReply).Session
	}
	return id
}

// resumes resumes a session with a secret, and a token that says who does.
func (r *refreshing) resumes(
	id grid.SessionID, shown int, in grid.SessionID, which byte, code fault.Code,
) {
	r.t.Helper()
	r.conn++
	_, err := r.do(KindResume, bodyOf(&ResumeRequest{User: alice, Session: id, Origin: gateway, Conn: r.conn,
		Secret: secret(shown), Next: secret(int(r.conn)),
		Refresh: TokenID(in, [8]byte{which}), RefreshUntil: r.end}))
	want(r.t, "resume", err, code)
}

// However many welcomes are lost, the token that was used is good until one has
// come. What it opened before ends: nobody has that.
func TestALostWelcomeDoesNotLoseTheToken(t *testing.T) {
	r := newRefreshing(t)
	first := r.opens(7, tokenOne, fault.OK)
	r.track(t, caller(alice, first, gateway, 1), room("a"), "")
	again := r.opens(7, tokenOne, fault.OK)
	if !slices.Equal(r.sent, []string{leaves(room("a"), first)}) ||
		!slices.Equal(r.told(), []string{endedHint(first, gateway, 1, Replaced)}) {
		t.Errorf("sent %q, told %q", r.sent, r.told())
	}
	r.detachConn(t, gateway, 2, 10*second)
	r.end += second // it is the same token, whatever end it is said to have
	third := r.opens(7, tokenOne, fault.OK)
	if n := r.Sessions.spent.byUser.Len(); n != 1 {
		t.Errorf("%d tokens are remembered", n)
	}
	if all := r.list(alice); len(all) != 1 || all[0].ID != third || third == again {
		t.Errorf("sessions %+v, want %d alone", all, third)
	}
	want(t, "confirm", r.confirm(third, gateway, 3), fault.OK)
	r.opens(7, tokenOne, fault.Unauthenticated)
	if !r.attached(third) {
		t.Error("who used the token again has ended the session")
	}
}

// Whatever shows that the client has what came with the welcome uses the token up.
func TestWhatUsesATokenUp(t *testing.T) {
	for name, show := range map[string]func(r *refreshing, id grid.SessionID){
		"a frame":        func(r *refreshing, id grid.SessionID) { r.confirm(id, gateway, 1) },
		"a resume":       func(r *refreshing, id grid.SessionID) { r.resume(id, gateway2, 9, 1, 2) },
		"the next token": func(r *refreshing, id grid.SessionID) { r.opens(id, tokenTwo, fault.OK) },
		"its end": func(r *refreshing, _ grid.SessionID) {
			r.detachConn(r.t, gateway, 1, second)
			r.tick(r.t, r.stamp+second)
		},
		"a server's word": func(r *refreshing, id grid.SessionID) { r.ends(id) },
		"the next token, which resumes another session": func(r *refreshing, id grid.SessionID) {
			other := r.open(r.t, OpenRequest{User: alice, Origin: gateway2, Conn: 1, Secret: secret(50)})
			r.resumes(other, 50, id, tokenTwo, fault.OK)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRefreshing(t)
			id := r.opens(7, tokenOne, fault.OK)
			show(r, id)
			r.opens(7, tokenOne, fault.Unauthenticated)
		})
	}
}

func (r *refreshing) ends(id grid.SessionID) {
	server := caller(person(9), 99, gateway, 9)
	server.Server = true
	_, err := ask(r.world, server, KindEnd, &EndRequest{Session: id, User: alice}, DecodeEndReply)
	want(r.t, "end", err, fault.OK)
}

// A refresh token resumes without being used, but must be good; and one whose
// welcome was lost is good.
func TestATokenThatResumesIsKept(t *testing.T) {
	r := newRefreshing(t)
	id := r.open(t, OpenRequest{User: alice, Origin: gateway, Conn: 99, Secret: secret(50)})
	r.resumes(id, 50, 7, tokenOne, fault.OK)
	r.resumes(id, 1, 7, tokenOne, fault.OK)
	lost := r.opens(7, tokenOne, fault.OK)
	r.resumes(id, 2, 7, tokenOne, fault.OK)
	r.opens(7, tokenOne, fault.OK)
	r.resumes(lost, 3, 7, tokenOne, fault.NotFound)
	want(t, "confirm", r.confirm(r.list(alice)[1].ID, gateway, 5), fault.OK)
	before := gridtest.Encode(r.Sessions)
	r.resumes(id, 4, 7, tokenOne, fault.Unauthenticated)
	r.end = r.stamp
	r.resumes(id, 4, 7, tokenTwo, fault.Unauthenticated) // has expired
	if string(gridtest.Encode(r.Sessions)) != string(before) {
		t.Error("who was refused has changed something")
	}
}

// A token that is good again needs no room, neither for itself nor for its session.
func TestATokenThatIsGoodAgainNeedsNoRoom(t *testing.T) {
	r := newRefreshing(t)
	for range SessionsPerUserMax - 1 {
		r.open(t, OpenRequest{User: alice, Origin: gateway2, Conn: 1000 + r.conn})
		r.conn++
	}
	for i := range SpentPerUserMax - 1 {
		r.Sessions.spent.use(token{alice, r.end, person(i), 0}, r.stamp)
	}
	r.opens(7, tokenOne, fault.OK)
	r.opens(7, tokenOne, fault.OK)
	r.opens(7, tokenTwo, fault.Unauthenticated)
	if n := len(r.list(alice)); n != SessionsPerUserMax {
		t.Errorf("%d sessions", n)
	}
	checkIndexes(t, r.Sessions)
}
