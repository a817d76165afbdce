package session

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"pgregory.net/rapid"

	"github.com/thronggrid/throng/grid"
	"github.com/thronggrid/throng/grid/fault"
	"github.com/thronggrid/throng/grid/gridtest"
	"github.com/thronggrid/throng/grid/pack"
	"github.com/thronggrid/throng/grid/presence"
)

const second = 1_000_000

// person returns one of many users.
func person(i int) (id grid.ID) {
	binary.BigEndian.PutUint64(id[:], uint64(i+1)*0x9e3779b97f4a7c15)
	binary.BigEndian.PutUint64(id[8:], uint64(i))
	return id
}

// secret returns one of many secrets.
func secret(i int) Secret { return SecretOf([]byte{byte(i >> 8), byte(i)}) }

func room(name string) string { return string(grid.AppendKey(nil, grid.StreamRoom, name)) }

// origin returns an incarnation of a node.
func origin(node, incarnation int) grid.Origin {
	return grid.OriginOf(uint32(node), uint64(incarnation))
}

// message is what all messages to the state can do.
type message interface {
	Append(b []byte) []byte
	Fields() int
}

func bodyOf(r message) []byte { return r.Append(pack.AppendArray(nil, r.Fields())) }

// world is a state, and what it leaves in the turns that it is given.
type world struct {
	*Sessions
	stamp  int64
	floors grid.Floors
	sent   []string     // duties since last looked at
	hints  grid.Effects // likewise
	// post, where set, is handed the duties as well.
	post func(kind grid.Kind, body []byte)
}

func newWorld() *world { return &world{Sessions: New(), stamp: 1_700_000_000 * second} }

const here grid.Slot = 7

func duty(to grid.Slot, kind grid.Kind, body []byte) string {
	return fmt.Sprintf("%d %#04x %x", to, uint16(kind), body)
}

func enters(key string, id grid.SessionID, user grid.ID, o grid.Origin, conn uint64, status string) string {
	r := presence.EnterRequest{Key: []byte(key), Session: id, User: user, Origin: o, Conn: conn,
		Status: []byte(status), HasStatus: status != rebound}
	return duty(grid.SlotOf(key), presence.KindEnter, bodyOf(&r))
}

// rebound stands for no status in enters.
const rebound = "\x00"

func leaves(key string, id grid.SessionID) string {
	r := presence.LeaveRequest{Key: []byte(key), Session: id}
	return duty(grid.SlotOf(key), presence.KindLeave, bodyOf(&r))
}

func (w *world) Send(to grid.Slot, kind grid.Kind, body []byte) {
	w.sent = append(w.sent, duty(to, kind, body))
	if w.post != nil {
		w.post(kind, body)
	}
}

// turn begins a turn, at a stamp of its own.
func (w *world) turn() *grid.Turn {
	w.stamp++
	w.sent = nil
	w.hints.Reset()
	return &grid.Turn{Slot: here, Stamp: w.stamp, Floors: w.floors, Outbox: w, Effects: &w.hints}
}

// told returns the hints of the last turn, in order.
func (w *world) told() (out []string) {
	for _, h := range w.hints.Hints {
		out = append(out, hint(h.To, h.Kind, w.hints.Of(h.Body)))
	}
	return out
}

func hint(to grid.Address, kind grid.Kind, body []byte) string {
	return fmt.Sprintf("%d/%d/%d %#04x %x", to.Session, to.Origin, to.Conn, uint16(kind), body)
}

func endedHint(id grid.SessionID, o grid.Origin, conn uint64, why Reason) string {
	return hint(grid.Address{Session: id, Origin: o, Conn: conn}, KindEnded, []byte{0x91, byte(why)})
}

// do applies a command, and holds that one that fails leaves nothing behind.
func (w *world) do(kind grid.Kind, body []byte) ([]byte, error) {
	out, err := w.Apply(w.turn(), kind, body, []byte("before"))
	clear(body) // nothing of it may have been kept
	if !bytes.HasPrefix(out, []byte("before")) {
		panic("what stood in front of the reply is gone")
	}
	if err != nil && (len(out) != 6 || len(w.sent) > 0 || len(w.hints.Hints) > 0) {
		panic(fmt.Sprintf("%v, and %q, %q, %q", err, out, w.sent, w.told()))
	}
	return out[6:], err
}

// ask sends a request from a caller all the way, and decodes the reply.
func ask[R any](w *world, c *grid.Caller, kind grid.Kind, r message,
	decode func(*pack.Cursor) (R, error)) (reply R, err error) {
	_, body, err := prepare(c, kind, r)
	if err != nil {
		return reply, err
	}
	var out []byte
	if kind == KindList {
		out, err = w.Query(kind, body, nil)
	} else {
		out, err = w.do(kind, body)
	}
	if err != nil {
		return reply, err
	}
	return gridtest.Whole(out, decode), nil
}

// prepare takes a request over the wire to its key and body.
func prepare(c *grid.Caller, kind grid.Kind, r message) (key, body []byte, err error) {
	for _, op := range Ops() {
		if op.Kind == kind {
			in := pack.NewCursor(r.Append(nil))
			return op.Prepare(c, &in, r.Fields(), nil)
		}
	}
	panic("no such kind")
}

// caller returns who asks over a connection that a session is bound to.
func caller(user grid.ID, id grid.SessionID, o grid.Origin, conn uint64) *grid.Caller {
	return &grid.Caller{User: user, Address: grid.Address{Session: id, Origin: o, Conn: conn}}
}

// open opens a session that must open.
func (w *world) open(t rapid.TB, r OpenRequest) grid.SessionID {
	t.Helper()
	out, err := w.do(KindOpen, bodyOf(&r))
	if err != nil {
		t.Fatal(err)
	}
	return gridtest.Whole(out, DecodeOpenReply).Session
}

// track puts a session on a stream that must take it.
func (w *world) track(t rapid.TB, c *grid.Caller, key, status string) {
	t.Helper()
	if _, err := ask(w, c, KindTrack, &TrackRequest{key, status}, DecodeTrackReply); err != nil {
		t.Fatal(err)
	}
}

// list returns all sessions of a user, page by page.
func (w *world) list(user grid.ID) (all []Session) {
	c := grid.Caller{Server: true}
	for r := (ListRequest{User: user}); ; r.After = all[len(all)-1].ID {
		page, err := ask(w, &c, KindList, &r, DecodeListReply)
		if err != nil {
			panic(err)
		}
		if all = append(all, page.Sessions...); len(page.Sessions) < ListMax {
			return all
		}
	}
}

// tick lets the slot do all that is due at a stamp. It returns the turns it took,
// and all that they left.
func (w *world) tick(t rapid.TB, at int64) (turns int, sent, told []string) {
	t.Helper()
	for w.stamp = max(w.stamp, at); w.Due() <= w.stamp; turns++ {
		before := w.Sessions.spent.byUser.Len() + w.rows.Len()
		w.Tick(w.turn())
		if did := before - w.rows.Len() - w.Sessions.spent.byUser.Len(); did < 1 || did+len(w.sent) > TickMax {
			t.Fatalf("one tick let %d sessions and tokens go, and sent %d duties", did, len(w.sent))
		}
		sent, told = append(sent, w.sent...), append(told, w.told()...)
	}
	return turns, sent, told
}

// checkIndexes compares what follows the rows and tokens with them.
func checkIndexes(t rapid.TB, s *Sessions) {
	t.Helper()
	detached, due := 0, int64(math.MaxInt64)
	s.rows.Scan(func(e entry) bool {
		if e.ends != 0 {
			detached++
			due = min(due, e.ends)
			if _, ok := s.waiting.of.Get(e.deadline()); !ok {
				t.Fatalf("session %d does not wait for its end", e.id)
			}
		}
		return true
	})
	users, last := 0, token{}
	s.spent.byUser.Scan(func(x token) bool {
		if x.user != last.user {
			users++
			due = min(due, x.until)
			if _, ok := s.spent.firsts.of.Get(first{x.until, x.user}); !ok {
				t.Fatalf("the first token of user %v does not wait for its end", x.user)
			}
		}
		last = x
		return true
	})
	if s.waiting.Len() != detached || s.spent.firsts.Len() != users || s.Due() != due {
		t.Fatalf("%d wait of %d detached, %d first tokens of %d users, due at %d, not %d",
			s.waiting.Len(), detached, s.spent.firsts.Len(), users, s.Due(), due)
	}
}

func want(t rapid.TB, what string, err error, code fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Fatalf("%s: %v, want %v", what, err, code)
	}
}
