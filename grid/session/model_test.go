package session

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"maps"
	"math"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
)

// model is what a state must be like, done the slow and plain way.
type model struct {
	sessions map[grid.SessionID]*modelSession
	tokens   []token
	floors   grid.Floors
	// what the last command must have left
	sent, told []string
}

type modelSession struct {
	id            grid.SessionID
	user          grid.ID
	secret, prior Secret
	hasPrior      bool
	origin        grid.Origin
	conn          uint64
	ends          int64
	keys          []string
}

func (x *modelSession) bound(user grid.ID, o grid.Origin, conn uint64) bool {
	return x != nil && x.user == user && x.ends == 0 && x.origin == o && x.conn == conn
}

// of returns a user's sessions in order of ids.
func (m *model) of(user grid.ID) (out []*modelSession) {
	for _, id := range slices.Sorted(maps.Keys(m.sessions)) {
		if x := m.sessions[id]; x.user == user {
			out = append(out, x)
		}
	}
	return out
}

func (m *model) get(user grid.ID, id grid.SessionID) *modelSession {
	if x := m.sessions[id]; x != nil && x.user == user {
		return x
	}
	return nil
}

func (m *model) end(x *modelSession, why Reason) {
	delete(m.sessions, x.id)
	for _, key := range x.keys {
		m.sent = append(m.sent, leaves(key, x.id))
	}
	m.told = append(m.told, endedHint(x.id, x.origin, x.conn, why))
}

func (m *model) open(r *OpenRequest, stamp int64) (OpenReply, fault.Code) {
	if m.floors.Dead(r.Origin) {
		return OpenReply{}, fault.Aborted
	}
	var oldest *modelSession
	count := 0
	for _, x := range m.of(r.User) {
		if x.origin == r.Origin && x.conn == r.Conn {
			return OpenReply{x.id}, fault.OK
		}
		count++
		if x.ends != 0 && (oldest == nil || x.ends < oldest.ends) {
			oldest = x
		}
	}
	spends := r.Spend != grid.ID{}
	var lost *modelSession
	if spends {
		var code fault.Code
		if lost, code = m.spend(r.User, r.Spend, r.SpendUntil, stamp, true); code != fault.OK {
			return OpenReply{}, code
		}
	}
	most := 64
	if r.Server {
		most = 4096
	}
	switch {
	case lost != nil:
		m.end(lost, Replaced)
	case count >= most && oldest == nil:
		return OpenReply{}, fault.ResourceExhausted
	case count >= most:
		m.end(oldest, MadeRoom)
	}
	id := grid.SessionIDOf(stamp, here)
	if spends {
		m.tokens = slices.DeleteFunc(m.tokens, func(x token) bool { return x.user == r.User && x.until <= stamp })
		if i := m.token(r.User, r.Spend); i >= 0 {
			m.tokens[i].opened = id
		} else {
			m.tokens = append(m.tokens, token{r.User, r.SpendUntil, r.Spend, id})
		}
		m.settle(r.User, grid.SessionID(binary.BigEndian.Uint64(r.Spend[:8])))
	}
	m.sessions[id] = &modelSession{id: id, user: r.User, secret: r.Secret, origin: r.Origin, conn: r.Conn}
	return OpenReply{id}, fault.OK
}

// spend says whether a token may be used, and which session was lost that it has
// opened before.
func (m *model) spend(user, id grid.ID, until, stamp int64, opens bool) (*modelSession, fault.Code) {
	if until <= stamp {
		return nil, fault.Unauthenticated
	}
	if i := m.token(user, id); i >= 0 {
		if lost := m.get(user, m.tokens[i].opened); lost != nil {
			return lost, fault.OK
		}
		return nil, fault.Unauthenticated
	}
	fresh := 0
	for _, x := range m.tokens {
		if x.user == user && x.until > stamp {
			fresh++
		}
	}
	if opens && fresh >= 256 {
		return nil, fault.Unauthenticated
	}
	return nil, fault.OK
}

// token returns where a used token is; -1: nowhere.
func (m *model) token(user, id grid.ID) int {
	return slices.IndexFunc(m.tokens, func(x token) bool { return x.user == user && x.id == id })
}

// settle notes that a client has what came with a session.
func (m *model) settle(user grid.ID, id grid.SessionID) {
	for i := range m.tokens {
		if x := &m.tokens[i]; x.user == user && x.opened == id {
			x.opened = 0
		}
	}
}

func (m *model) resume(r *ResumeRequest, stamp int64) (ResumeReply, fault.Code) {
	if m.floors.Dead(r.Origin) {
		return ResumeReply{}, fault.Aborted
	}
	x := m.get(r.User, r.Session)
	if x == nil {
		return ResumeReply{}, fault.NotFound
	}
	same := x.origin == r.Origin && x.conn == r.Conn
	if same && x.secret == r.Next {
		return ResumeReply{slices.Clone(x.keys)}, fault.OK
	}
	if x.secret != r.Secret && !(x.hasPrior && x.prior == r.Secret) {
		return ResumeReply{}, fault.NotFound
	}
	if (r.Refresh != grid.ID{}) {
		if _, code := m.spend(r.User, r.Refresh, r.RefreshUntil, stamp, false); code != fault.OK {
			return ResumeReply{}, code
		}
		m.settle(r.User, grid.SessionID(binary.BigEndian.Uint64(r.Refresh[:8])))
	}
	m.settle(x.user, x.id)
	if x.ends == 0 && !same {
		m.told = append(m.told, endedHint(x.id, x.origin, x.conn, Replaced))
	}
	moved := x.origin != r.Origin
	x.secret, x.prior, x.hasPrior = r.Next, r.Secret, true
	x.origin, x.conn, x.ends = r.Origin, r.Conn, 0
	for _, key := range x.keys {
		if moved {
			m.sent = append(m.sent, enters(key, x.id, x.user, x.origin, x.conn, rebound))
		}
	}
	return ResumeReply{slices.Clone(x.keys)}, fault.OK
}

func (m *model) detach(r *DetachRequest, stamp int64) bool {
	for _, x := range m.of(r.User) {
		if x.bound(r.User, r.Origin, r.Conn) {
			x.ends = stamp + min(max(0, r.Grace), GraceMax)
			return true
		}
	}
	return false
}

func (m *model) off(x *modelSession, key string) bool {
	i := slices.Index(x.keys, key)
	if i >= 0 {
		x.keys = slices.Delete(x.keys, i, i+1)
		m.sent = append(m.sent, leaves(key, x.id))
	}
	return i >= 0
}

// due does all that is due at a stamp.
func (m *model) due(stamp int64) {
	var over []*modelSession
	for _, x := range m.sessions {
		if x.ends != 0 && x.ends <= stamp {
			over = append(over, x)
		}
	}
	slices.SortFunc(over, func(a, b *modelSession) int {
		return cmp.Or(cmp.Compare(a.ends, b.ends), bytes.Compare(a.user[:], b.user[:]), cmp.Compare(a.id, b.id))
	})
	for _, x := range over {
		m.end(x, Ended)
	}
	m.tokens = slices.DeleteFunc(m.tokens, func(x token) bool { return x.until <= stamp })
}

// encode writes the state as the format says, from the model alone.
func (m *model) encode() []byte {
	head := pack.AppendUint(pack.AppendArray(nil, 2), uint64(len(m.sessions)))
	values := [][]byte{pack.AppendUint(head, uint64(len(m.tokens)))}
	all := slices.SortedFunc(maps.Values(m.sessions), func(a, b *modelSession) int {
		return cmp.Or(bytes.Compare(a.user[:], b.user[:]), cmp.Compare(a.id, b.id))
	})
	for _, x := range all {
		b := pack.AppendBytes(pack.AppendArray(nil, 8), x.user[:])
		b = pack.AppendBytes(grid.AppendSession(b, x.id), x.secret[:])
		if x.hasPrior {
			b = pack.AppendBytes(b, x.prior[:])
		} else {
			b = pack.AppendNil(b)
		}
		b = pack.AppendUint(pack.AppendUint(b, uint64(x.origin)), x.conn)
		b = pack.AppendInt(b, x.ends)
		var keys []byte
		for _, key := range x.keys {
			keys = append(append(keys, byte(len(key))), key...)
		}
		values = append(values, pack.AppendBytes(b, keys))
	}
	slices.SortFunc(m.tokens, func(a, b token) int {
		return cmp.Or(bytes.Compare(a.user[:], b.user[:]), cmp.Compare(a.until, b.until),
			bytes.Compare(a.id[:], b.id[:]))
	})
	for _, x := range m.tokens {
		b := pack.AppendBytes(pack.AppendArray(nil, 4), x.user[:])
		b = pack.AppendBytes(pack.AppendInt(b, x.until), x.id[:])
		values = append(values, appendSession(b, x.opened))
	}
	return gridtest.Stream(values...)
}

// play is a world beside its model.
type play struct {
	*world
	model  model
	draws  *rapid.T
	clones []frozen
}

type frozen struct {
	sessions *Sessions
	want     []byte
}

// TestSessionsAgainstModel runs random commands of gateways, clients, streams and
// nodes that start on sessions and on the model, with clones and restores in
// between, and compares every reply, duty and hint, and all state.
func TestSessionsAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := play{world: newWorld(), model: model{sessions: map[grid.SessionID]*modelSession{}}, draws: t}
		p.crowd()
		t.Repeat(map[string]func(*rapid.T){
			"open": p.step(p.openOne), "open more": p.step(p.openOne), "resume": p.step(p.resumeOne),
			"resume more": p.step(p.resumeOne), "confirm": p.step(p.confirmOne), "detach": p.step(p.detachOne),
			"track": p.step(p.trackOne), "track more": p.step(p.trackOne), "untrack": p.step(p.untrackOne),
			"dropped": p.step(p.droppedOne), "end": p.step(p.endOne), "sweep": p.step(p.sweepNode),
			"due": p.step(p.tickAll), "list": p.step(p.listOne),
			"clone":   func(*rapid.T) { p.clones = append(p.clones, frozen{p.Clone(), p.model.encode()}) },
			"restore": func(t *rapid.T) { p.Sessions = gridtest.Recode(t, Decode, p.Sessions) },
			"":        func(*rapid.T) { p.compare() },
		})
	})
}

// step returns a step that draws from the t it is given.
func (p *play) step(f func()) func(*rapid.T) {
	return func(t *rapid.T) {
		p.draws = t
		p.stamp += rapid.Int64Range(0, 2*second).Draw(t, "later")
		p.model.sent, p.model.told = nil, nil
		f()
	}
}

// crowd sometimes begins with a user, a session or tokens near their limits.
func (p *play) crowd() {
	user := person(0)
	for i := range rapid.SampledFrom([]int{0, 0, SessionsPerUserMax - 1}).Draw(p.draws, "sessions") {
		p.openAs(&OpenRequest{User: user, Origin: origin(9, 1), Conn: uint64(100 + i), Secret: secret(i)})
	}
	for i := range rapid.SampledFrom([]int{0, 0, SpentPerUserMax - 1}).Draw(p.draws, "tokens") {
		r := OpenRequest{User: user, Origin: origin(9, 1), Conn: uint64(500 + i), Server: true,
			Spend: person(1000 + i), SpendUntil: p.stamp + int64(1+i%3)*20*second}
		p.model.sent, p.model.told = nil, nil
		p.openAs(&r)
		end := EndRequest{Session: grid.SessionIDOf(p.stamp, here), User: user}
		p.endAs(&grid.Caller{Server: true, User: person(9), Address: grid.Address{Session: 5}}, &end)
	}
	p.model.sent, p.model.told = nil, nil
	streams := rapid.SampledFrom([]int{0, 0, StreamsMax - 3}).Draw(p.draws, "streams")
	if streams > 0 {
		p.openAs(&OpenRequest{User: person(1), Origin: origin(1, 1), Conn: 1})
	}
	for i := range streams {
		x := p.model.of(person(1))[0]
		p.model.sent, p.model.told = nil, nil
		p.trackAs(x.user, x.id, x.origin, x.conn, room(string(rune('a'+i/26))+string(rune('a'+i%26))), "")
	}
}

func (p *play) user() grid.ID {
	return person(rapid.IntRange(0, 2).Draw(p.draws, "user"))
}

func (p *play) origin() grid.Origin {
	node := rapid.IntRange(1, 2).Draw(p.draws, "node")
	return origin(node, rapid.IntRange(1, 4).Draw(p.draws, "incarnation"))
}

func (p *play) conn() uint64 { return rapid.Uint64Range(1, 4).Draw(p.draws, "conn") }

func (p *play) secret() Secret { return secret(rapid.IntRange(0, 3).Draw(p.draws, "secret")) }

func (p *play) key() string {
	user := person(0)
	return rapid.SampledFrom([]string{room("a"), room("b"), room("größe"),
		string(grid.AppendKey(nil, grid.StreamCustom, "a")), string(grid.StatusKey(nil, user))}).Draw(p.draws, "key")
}

// some draws a session of the model: mostly one that lives, with its user.
func (p *play) some() (x modelSession) {
	ids := slices.Sorted(maps.Keys(p.model.sessions))
	if len(ids) == 0 || rapid.IntRange(0, 9).Draw(p.draws, "bogus") == 0 {
		return modelSession{id: 77, user: p.user(), origin: p.origin(), conn: p.conn()}
	}
	x = *p.model.sessions[rapid.SampledFrom(ids).Draw(p.draws, "session")]
	switch rapid.IntRange(0, 9).Draw(p.draws, "wrong") {
	case 0:
		x.origin = p.origin()
	case 1:
		x.conn = p.conn()
	case 2:
		x.user = p.user()
	}
	return x
}

func (p *play) openOne() {
	r := OpenRequest{User: p.user(), Origin: p.origin(), Conn: p.conn(), Secret: p.secret()}
	r.Server = r.User == person(2)
	r.Spend, r.SpendUntil = p.token(r.User)
	p.openAs(&r)
}

// token draws a refresh token of a user: none, one that was used, or one of a few of
// each session.
func (p *play) token(user grid.ID) (id grid.ID, until int64) {
	until = p.stamp + rapid.Int64Range(-second, 60*second).Draw(p.draws, "until")
	used := slices.DeleteFunc(slices.Clone(p.model.tokens), func(x token) bool { return x.user != user })
	in := grid.SessionID(77)
	switch kind := rapid.IntRange(0, 9).Draw(p.draws, "token"); {
	case kind < 4:
		return id, 0
	case kind < 7 && len(used) > 0:
		return rapid.SampledFrom(used).Draw(p.draws, "used").id, until
	case kind < 8:
		in = p.some().id
	}
	return TokenID(in, [8]byte{7: byte(rapid.IntRange(1, 2).Draw(p.draws, "which"))}), until
}

func (p *play) openAs(r *OpenRequest) {
	out, err := p.do(KindOpen, bodyOf(r))
	want, code := p.model.open(r, p.stamp)
	same(p, "open", out, DecodeOpenReply, want, err, code)
}

func (p *play) resumeOne() {
	x := p.some()
	r := ResumeRequest{User: x.user, Session: x.id, Origin: p.origin(), Conn: p.conn(),
		Secret: x.secret, Next: p.secret()}
	r.Refresh, r.RefreshUntil = p.token(x.user)
	switch rapid.IntRange(0, 3).Draw(p.draws, "shows") {
	case 0:
		r.Secret = x.prior
	case 1:
		r.Secret = p.secret()
	}
	if rapid.IntRange(0, 5).Draw(p.draws, "again") == 0 {
		r.Origin, r.Conn = x.origin, x.conn
	}
	out, err := p.do(KindResume, bodyOf(&r))
	want, code := p.model.resume(&r, p.stamp)
	if want.Keys == nil {
		want.Keys = []string{}
	}
	same(p, "resume", out, DecodeResumeReply, want, err, code)
}

func (p *play) confirmOne() {
	x := p.some()
	_, err := p.do(KindConfirm, bodyOf(&ConfirmRequest{x.user, x.id, x.origin, x.conn}))
	is := p.model.get(x.user, x.id)
	if !is.bound(x.user, x.origin, x.conn) {
		same(p, "confirm", nil, decodeBool, false, err, fault.FailedPrecondition)
		return
	}
	is.prior, is.hasPrior = Secret{}, false
	p.model.settle(is.user, is.id)
	if err != nil {
		p.draws.Fatal(err)
	}
}

func (p *play) detachOne() {
	x := p.some()
	grace := rapid.SampledFrom([]int64{-1, 0, second, 10 * second, math.MaxInt64}).Draw(p.draws, "grace")
	r := DetachRequest{x.user, x.origin, x.conn, grace}
	out, err := p.do(KindDetach, bodyOf(&r))
	same(p, "detach", out, decodeBool, p.model.detach(&r, p.stamp), err, fault.OK)
}

func decodeBool(in *pack.Cursor) (bool, error) {
	r, err := DecodeEndReply(in)
	return r.Ended, err
}

func (p *play) trackOne() {
	x := p.some()
	p.trackAs(x.user, x.id, x.origin, x.conn, p.key(), rapid.SampledFrom([]string{"", "x"}).Draw(p.draws, "status"))
}

func (p *play) trackAs(user grid.ID, id grid.SessionID, o grid.Origin, conn uint64, key, status string) {
	c := caller(user, id, o, conn)
	got, err := ask(p.world, c, KindTrack, &TrackRequest{key, status}, DecodeTrackReply)
	x := p.model.get(user, id)
	code := fault.OK
	switch {
	case grid.StreamKind(key[0]) == grid.StreamStatus && key[1:] != string(user[:]):
		code = fault.PermissionDenied
		p.sent, p.hints = nil, grid.Effects{}
	case !x.bound(user, o, conn):
		code = fault.FailedPrecondition
	case !slices.Contains(x.keys, key) && len(x.keys) >= 128:
		code = fault.ResourceExhausted
	default:
		if !slices.Contains(x.keys, key) {
			x.keys = append(x.keys, key)
		}
		p.model.sent = append(p.model.sent, enters(key, id, user, o, conn, status))
	}
	p.same("track", got, TrackReply{key}, err, code)
}

func (p *play) untrackOne() {
	x := p.some()
	key := p.key()
	if len(x.keys) > 0 && rapid.Bool().Draw(p.draws, "on it") {
		key = rapid.SampledFrom(x.keys).Draw(p.draws, "stream")
	}
	is, code := p.model.get(x.user, x.id), fault.OK
	body := func() []byte {
		_, body, err := prepare(&grid.Caller{User: x.user, Server: true,
			Address: grid.Address{Session: x.id, Origin: x.origin, Conn: x.conn}}, KindUntrack, &UntrackRequest{key})
		if err != nil {
			p.draws.Fatal(err)
		}
		return body
	}()
	out, err := p.do(KindUntrack, body)
	if !is.bound(x.user, x.origin, x.conn) {
		code = fault.FailedPrecondition
	} else {
		p.model.off(is, key)
	}
	same(p, "untrack", out, DecodeTrackReply, TrackReply{key}, err, code)
}

func (p *play) droppedOne() {
	x, key := p.some(), p.key()
	r := presence.DroppedRequest{User: x.user, Session: x.id, Key: []byte(key),
		Code: fault.ResourceExhausted, Message: "full"}
	_, err := p.do(presence.KindDropped, bodyOf(&r))
	if err != nil {
		p.draws.Fatal(err)
	}
	if is := p.model.get(x.user, x.id); is != nil && p.model.off(is, key) {
		b := grid.AppendStream([]byte{0x93}, key)
		b = pack.AppendString(append(b, byte(fault.ResourceExhausted)), "full")
		to := grid.Address{Session: is.id, Origin: is.origin, Conn: is.conn}
		p.model.told = append(p.model.told, hint(to, KindRefused, b))
	}
	p.effects("dropped")
}

func (p *play) endOne() {
	by, x := p.some(), p.some()
	c := caller(by.user, by.id, by.origin, by.conn)
	r := EndRequest{Session: x.id, User: x.user}
	if by.user == x.user && by.id == x.id && rapid.Bool().Draw(p.draws, "this one") {
		r = EndRequest{}
	}
	c.Server = rapid.Bool().Draw(p.draws, "server")
	p.endAs(c, &r)
}

func (p *play) endAs(c *grid.Caller, r *EndRequest) {
	got, err := ask(p.world, c, KindEnd, r, DecodeEndReply)
	user, id := cmpID(r.User, c.User), cmp.Or(r.Session, c.Session)
	x, by := p.model.get(user, id), p.model.get(c.User, c.Session)
	code := fault.OK
	switch {
	case user != c.User && !c.Server:
		code = fault.PermissionDenied
		p.sent, p.hints = nil, grid.Effects{}
	case user == c.User && !by.bound(c.User, c.Origin, c.Conn) && (by != nil || id != c.Session):
		code = fault.FailedPrecondition
	case x != nil:
		p.model.end(x, Ended)
	}
	p.same("end", got, EndReply{x != nil}, err, code)
}

func cmpID(a, b grid.ID) grid.ID {
	if a == (grid.ID{}) {
		return b
	}
	return a
}

// sweepNode lets a node start again.
func (p *play) sweepNode() {
	p.floors = p.floors.With(p.origin())
	p.model.floors = p.floors
	grace := rapid.SampledFrom([]int64{math.MinInt64, 0, 5 * second, math.MaxInt64}).Draw(p.draws, "grace")
	p.Sweep(p.turn(), grace)
	for _, x := range p.model.sessions {
		if x.ends == 0 && p.floors.Dead(x.origin) {
			x.ends = p.stamp + min(max(0, grace), GraceMax)
		}
	}
	p.effects("sweep")
}

func (p *play) tickAll() {
	if rapid.IntRange(0, 3).Draw(p.draws, "long") == 0 {
		p.stamp += rapid.Int64Range(0, 30*second).Draw(p.draws, "pause")
	}
	_, sent, told := p.tick(p.draws, p.stamp)
	p.model.due(p.stamp)
	if !slices.Equal(sent, p.model.sent) || !slices.Equal(told, p.model.told) {
		p.draws.Fatalf("due: sent\n%q\nwant\n%q\ntold\n%q\nwant\n%q", sent, p.model.sent, told, p.model.told)
	}
}

func (p *play) listOne() {
	user := p.user()
	var want []Session
	for _, x := range p.model.of(user) {
		want = append(want, Session{x.id, int64(x.id >> 12), x.ends == 0, append([]string{}, x.keys...)})
	}
	if got := p.list(user); len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		p.draws.Fatalf("list:\ngot  %+v\nwant %+v", got, want)
	}
}

func same[R any](p *play, what string, out []byte, decode func(*pack.Cursor) (R, error),
	want R, err error, code fault.Code) {
	p.draws.Helper()
	var got R
	if err == nil {
		got = gridtest.Whole(out, decode)
	}
	p.same(what, got, want, err, code)
}

// same fails if a reply, the code of an error, or what a command left is not what
// it must be.
func (p *play) same(what string, got, want any, err error, code fault.Code) {
	p.draws.Helper()
	if fault.CodeOf(err) != code {
		p.draws.Fatalf("%s: %v, want %v", what, err, code)
	}
	if code == fault.OK && !reflect.DeepEqual(got, want) {
		p.draws.Fatalf("%s:\ngot  %+v\nwant %+v", what, got, want)
	}
	p.effects(what)
}

func (p *play) effects(what string) {
	p.draws.Helper()
	if !slices.Equal(p.sent, p.model.sent) {
		p.draws.Fatalf("%s: sent\n%q\nwant\n%q", what, p.sent, p.model.sent)
	}
	if told := p.told(); !slices.Equal(told, p.model.told) {
		p.draws.Fatalf("%s: told\n%q\nwant\n%q", what, told, p.model.told)
	}
}

// compare checks the state, its encoding, and every clone's.
func (p *play) compare() {
	want := p.model.encode()
	if !bytes.Equal(gridtest.Encode(p.Sessions), want) {
		p.draws.Fatal("the encoding is not the model's")
	}
	again := gridtest.Recode(p.draws, Decode, p.Sessions)
	if !bytes.Equal(gridtest.Encode(again), want) {
		p.draws.Fatal("decoding and encoding again gives other bytes")
	}
	checkIndexes(p.draws, p.Sessions)
	checkIndexes(p.draws, again)
	for i, c := range p.clones {
		if !bytes.Equal(gridtest.Encode(c.sessions), c.want) {
			p.draws.Fatalf("clone %d of %d has changed", i, len(p.clones))
		}
	}
}
